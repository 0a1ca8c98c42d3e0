import assert from "node:assert/strict";
import test from "node:test";

import { whileBusy } from "../../../assets/js/core/busy.js";

/** As much of an element as has attributes. @returns {HTMLElement} */
const button = () => {
  const attributes = new Map();
  return /** @type {HTMLElement} */ (/** @type {unknown} */ ({
    getAttribute: (/** @type {string} */ name) => attributes.get(name) ?? null,
    setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => attributes.set(name, value),
    removeAttribute: (/** @type {string} */ name) => attributes.delete(name),
  }));
};

test("a second press is ignored until the first one's work is done", async () => {
  const pressed = button();
  /** @type {PromiseWithResolvers<string>} */
  const { promise: answer, resolve: finish } = Promise.withResolvers();
  const first = whileBusy(pressed, () => answer);
  assert.equal(pressed.getAttribute("aria-busy"), "true");
  assert.equal(await whileBusy(pressed, async () => "again"), undefined);
  finish("done");
  assert.equal(await first, "done");
  assert.equal(pressed.getAttribute("aria-busy"), null);
  assert.equal(await whileBusy(pressed, async () => "next"), "next");
});

test("a failure reaches the caller and ends the work", async () => {
  const pressed = button();
  await assert.rejects(whileBusy(pressed, () => Promise.reject(new Error("no"))));
  assert.equal(pressed.getAttribute("aria-busy"), null);
});
