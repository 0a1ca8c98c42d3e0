import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTriggers } from "../../../assets/js/loras/facts.js";

test("trigger words are separated by commas", () => {
  assert.deepEqual(parseTriggers(" film look,, grain ,"), ["film look", "grain"]);
  assert.deepEqual(parseTriggers(""), []);
});
