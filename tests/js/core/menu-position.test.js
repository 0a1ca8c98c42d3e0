import assert from "node:assert/strict";
import { test } from "node:test";
import { placeMenu } from "../../../assets/js/core/menu-position.js";

const view = { width: 1000, height: 800 }, menu = { width: 200, height: 300 };

test("a menu opens under its button, flush with its right edge", () => {
  assert.deepEqual(placeMenu({ top: 100, bottom: 140, right: 600 }, menu, view), { left: 400, top: 146 });
});

test("it opens above the button if there is no room below", () => {
  assert.deepEqual(placeMenu({ top: 700, bottom: 740, right: 600 }, menu, view), { left: 400, top: 394 });
});

test("it stays inside the window", () => {
  assert.deepEqual(placeMenu({ top: 100, bottom: 140, right: 60 }, menu, view), { left: 8, top: 146 });
  assert.deepEqual(placeMenu({ top: 200, bottom: 240, right: 1200 }, menu, { width: 1000, height: 400 }), { left: 792, top: 92 });
});
