import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { emit, on } from "../../../assets/js/core/bus.js";

test("every listener of an event gets its payload, in the order of registration", () => {
  /** @type {string[]} */
  const heard = [];
  on("tab", (name) => heard.push(`first ${name}`));
  on("tab", (name) => heard.push(`second ${name}`));
  emit("tab", "library");
  assert.deepEqual(heard, ["first library", "second library"]);
});

test("an event without listeners is ignored", () => {
  assert.doesNotThrow(() => emit("pronounce", "Nguyen"));
});

test("an error in a listener is logged and the other listeners are still called", (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const heard = mock.fn();
  on("online", () => { throw new Error("broken"); });
  on("online", heard);
  emit("online", true);
  assert.equal(heard.mock.callCount(), 1);
  assert.equal(logged.mock.calls[0].arguments[0], "online:");
});

test("a listener added during an event gets only the next one", () => {
  const late = mock.fn();
  let added = false;
  on("project", () => { if (!added) { added = true; on("project", late); } });
  emit("project", "a");
  assert.equal(late.mock.callCount(), 0);
  emit("project", "b");
  assert.deepEqual(late.mock.calls.map((call) => call.arguments), [["b"]]);
});
