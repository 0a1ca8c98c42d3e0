import assert from "node:assert/strict";
import { test } from "node:test";
import { actOf, shortcuts } from "../../../assets/js/shell/shortcut-keys.js";

test("a key does what the sheet says", () => {
  assert.equal(actOf({ key: "?" }), "sheet");
  assert.equal(actOf({ key: "3" }), "task 3");
  assert.equal(actOf({ key: "F" }), "keep");
  assert.equal(actOf({ key: "f" }), "keep");
  assert.equal(actOf({ key: "ArrowRight" }), "older");
  assert.equal(actOf({ key: "Backspace" }), actOf({ key: "Delete" }));
});

test("other keys, and keys of the browser, do nothing", () => {
  for (const key of ["9", "0", "a", "Tab", "Shift", "F5"]) assert.equal(actOf({ key }), null, key);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(actOf({ key: "f", [held]: true }), null, held);
});

test("each key stands once in its place", () => {
  for (const { place, list } of shortcuts) {
    const keys = list.flatMap((one) => one.keys);
    assert.equal(new Set(keys).size, keys.length, place);
  }
});
