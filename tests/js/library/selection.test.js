import assert from "node:assert/strict";
import { test } from "node:test";
import { Selection } from "../../../assets/js/library/selection.js";

/** @param {string} text */
const order = (text) => ({ ids: [...text], place: (/** @type {string} */ id) => text.indexOf(id) });

test("toggling selects and deselects, with one notification each time", () => {
  let told = 0;
  const selection = new Selection(() => { told += 1; });
  selection.toggle("a");
  selection.toggle("b");
  selection.toggle("a");
  assert.deepEqual(selection.list(), ["b"]);
  assert.equal(told, 3);
});

test("a range goes from the last toggle to this one, in either direction", () => {
  const selection = new Selection(() => {});
  selection.toggle("d");
  selection.stretch("b", order("abcdef"));
  assert.deepEqual(selection.list().sort(), ["b", "c", "d"]);
});

test("if the start of a range is gone, only the clicked tile is selected", () => {
  const selection = new Selection(() => {});
  selection.toggle("x");
  selection.stretch("b", order("abc"));
  assert.ok(selection.has("b") && !selection.has("a"));
});

test("what is no longer in the list is deselected", () => {
  let told = 0;
  const selection = new Selection(() => { told += 1; });
  selection.all(order("abc"));
  selection.prune(order("ac"));
  assert.deepEqual(selection.list(), ["a", "c"]);
  selection.prune(order("ac"));
  assert.equal(told, 2);
});

test("clearing an empty selection notifies nobody", () => {
  let told = 0;
  const selection = new Selection(() => { told += 1; });
  selection.clear();
  assert.equal(told, 0);
});
