import assert from "node:assert/strict";
import { test } from "node:test";
import { loadDraft, saveDraft } from "../../../assets/js/core/drafts.js";

/** @typedef {{ body: any, answer: (response: Response) => void, fail: () => void }} Save a request that waits for its answer */

const saved = () => new Response(null, { status: 204 });
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/**
 * The drafts that are saved, each waiting for the test's answer.
 * @param {import("node:test").TestContext} t
 */
function saving(t) {
  /** @type {Save[]} */
  const saves = [];
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(globalThis, "fetch", (/** @type {string} */ path, /** @type {RequestInit} */ { body }) => (path === "api/me"
    ? Promise.resolve(Response.json({ id: "ann" }))
    : new Promise((resolve, reject) => { saves.push({ body: JSON.parse(String(body)), answer: resolve, fail: () => reject(new Error("offline")) }); })));
  return saves;
}

/**
 * @param {import("node:test").TestContext} t
 * @param {number} ms
 */
async function pass(t, ms) {
  t.mock.timers.tick(ms);
  await settled();
}

test("what was typed last counts, also if an earlier save takes long and then fails", async (t) => {
  const saves = saving(t);
  saveDraft("form/x", "one");
  await pass(t, 600);
  saveDraft("form/x", "two");
  await pass(t, 600);
  assert.deepEqual(saves.map(({ body }) => body.value), ["one"]);
  assert.equal(await loadDraft("form/x"), "two");
  saves[0].fail();
  await settled();
  await pass(t, 5000);
  saves[1].answer(saved());
  await settled();
  await pass(t, 60_000);
  assert.deepEqual(saves.map(({ body }) => body), [{ name: "form/x", value: "one", person: "ann" }, { name: "form/x", value: "two", person: "ann" }]);
});

test("a draft is saved again once the studio has restarted", async (t) => {
  const saves = saving(t);
  saveDraft("form/y", "text");
  await pass(t, 600);
  saves[0].answer(new Response("Bad gateway", { status: 502 }));
  await settled();
  await pass(t, 5000);
  assert.deepEqual(saves.map(({ body }) => body.value), ["text", "text"]);
  saves[1].answer(saved());
  await settled();
});

test("after a reload, what was on its way wins over what had arrived, until it changes", async (t) => {
  const store = new Map([["c41-left", JSON.stringify({ person: "ann", at: Date.now(), drafts: { "form/z": "typed" } })]]);
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value: { getItem: (/** @type {string} */ key) => store.get(key) ?? null } });
  const drafts = { "form/z": "before", "form/other": "other" };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ path, /** @type {RequestInit} */ { method }) => (
    method === "PUT" ? saved() : Response.json(path === "api/me" ? { id: "ann" } : drafts)));
  assert.equal(await loadDraft("form/z"), "typed");
  assert.equal(await loadDraft("form/other"), "other");
  saveDraft("form/z", "newer");
  drafts["form/z"] = "newer";
  await pass(t, 600);
  await settled();
  assert.equal(await loadDraft("form/z"), "newer");
  store.set("c41-left", JSON.stringify({ person: "bob", at: Date.now(), drafts: { "form/other": "bob's" } }));
  assert.equal(await loadDraft("form/other"), "other");
});
