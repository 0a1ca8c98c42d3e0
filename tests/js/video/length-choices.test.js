import assert from "node:assert/strict";
import { test } from "node:test";
import { formatLength, lengthChoices } from "../../../assets/js/video/length-choices.js";

test("the standard duration comes first and is not listed twice", () => {
  assert.deepEqual(lengthChoices({ offered: [2.0625, 5, 10.05], at_once: 5, usual: 5 }), [["", "Standard (5 s)"], ["2.0625", "2.1 s"], ["10.05", "10.1 s, in parts"]].map(([value, text]) => [value, text]));
});

test("a duration has a decimal only if it needs one", () => {
  assert.deepEqual([2, 2.04, 2.1].map(formatLength), ["2 s", "2 s", "2.1 s"]);
});
