import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, commandOf } from "../../../assets/js/viewer/commands.js";

const clip = [...COMMANDS.zoom, ...COMMANDS.fit, ...COMMANDS.look, ...COMMANDS.clip, ...COMMANDS.range, ...COMMANDS.still];

test("no two commands share a key", () => {
  const keys = clip.map((command) => command.key);
  assert.equal(new Set(keys).size, keys.length);
});

test("keys work in both cases, with or without Shift for plus", () => {
  assert.deepEqual(["J", "j", "=", "+", " ", "k", "Home"].map((key) => commandOf(key, clip)), ["backward", "backward", "zoomIn", "zoomIn", "toggle", "stop", "first"]);
});

test("a key of what is not shown does nothing", () => {
  assert.equal(commandOf("s", [...COMMANDS.zoom, ...COMMANDS.sound]), undefined);
});
