import assert from "node:assert/strict";
import { test } from "node:test";
import { badgeList, fullTitle } from "../../../assets/js/core/badges.js";

test("a title names its badges, in their order", () => {
  assert.equal(fullTitle({ title: "a boat", badges: ["2×", "24 fps"] }), "a boat · 2× · 24 fps");
  assert.equal(fullTitle({ title: "a boat", badges: [] }), "a boat");
});

test("a tile shows the last badges, escaped, and nothing without one", () => {
  assert.match(String(badgeList({ badges: ["Edited", "2×", "<b>"] }, 2)), /><i>2×<\/i><i>&#60;b&#62;<\/i></);
  assert.equal(badgeList({ badges: [] }), false);
});
