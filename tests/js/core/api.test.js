import assert from "node:assert/strict";
import { test } from "node:test";
import { get, post, problemOf, Problem, query } from "../../../assets/js/core/api.js";

/**
 * Mock ``fetch``; returns the list of requests.
 * @param {import("node:test").TestContext} t
 * @param {() => Response} answer
 */
function answering(t, answer) {
  /** @type {{ path: string, init: RequestInit }[]} */
  const asked = [];
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ path, /** @type {RequestInit} */ init) => { asked.push({ path, init }); return answer(); });
  return asked;
}

test("a response is parsed as JSON, and an empty one is null", async (t) => {
  answering(t, () => Response.json({ name: "Ann" }));
  assert.deepEqual(await get("me"), { name: "Ann" });
  answering(t, () => new Response(null, { status: 204 }));
  assert.equal(await post("models/free"), null);
});

test("a body is sent as JSON, a form unchanged", async (t) => {
  const asked = answering(t, () => Response.json({}));
  await post("projects", { name: "Film" });
  await post("read", new FormData());
  assert.equal(asked[0].init.body, '{"name":"Film"}');
  assert.deepEqual(asked.map(({ init }) => init.headers), [{ "Content-Type": "application/json" }, {}]);
});

test("an error says what happened, why and what to do next", async (t) => {
  answering(t, () => Response.json({ problem: { code: "full", what: "The disk is full.", why: "", next: "Delete something." } }, { status: 507 }));
  await assert.rejects(get("me"), (error) => error instanceof Problem && error.status === 507 && error.message === "The disk is full. Delete something.");
});

test("an error without a problem, as from a proxy, gets a message", () => {
  assert.equal(problemOf(null, 413).what, "The file is too large.");
  assert.equal(problemOf("<html>", 502).why, "The studio answered with error 502.");
});

test("an unreachable studio gives a problem without a status", async (t) => {
  t.mock.method(globalThis, "fetch", async () => { throw new TypeError("network"); });
  await assert.rejects(get("me"), (error) => error instanceof Problem && error.status === 0 && error.problem.code === "unreachable");
});

test("a query omits empty values but keeps zero and false", () => {
  assert.equal(String(query({ q: "", kind: null, tag: undefined, page: 0, mine: false, title: "a&b" })), "page=0&mine=false&title=a%26b");
});
