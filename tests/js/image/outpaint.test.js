import assert from "node:assert/strict";
import { test } from "node:test";
import { sidesForShape } from "../../../assets/js/image/outpaint.js";

test("a picture grows equally on two sides until it has the aspect ratio", () => {
  assert.deepEqual(sidesForShape(512, 512, "16:9"), { left: 199, right: 199, top: 0, bottom: 0 });
  assert.deepEqual(sidesForShape(1600, 900, "1:1"), { left: 0, right: 0, top: 350, bottom: 350 });
});

test("the odd pixel is added at the right or the bottom", () => {
  assert.deepEqual(sidesForShape(100, 101, "1:1"), { left: 0, right: 1, top: 0, bottom: 0 });
});

test("a picture that has the aspect ratio stays unchanged", () => {
  assert.deepEqual(sidesForShape(640, 360, "16:9"), { left: 0, right: 0, top: 0, bottom: 0 });
});
