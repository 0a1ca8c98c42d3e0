import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenSize, formatArea, sizeChoices } from "../../../assets/js/image/size-choices.js";

const offered = [
  { megapixels: 0.5, width: 960, height: 544 },
  { megapixels: null, width: 1344, height: 768 },
  { megapixels: 2, width: 1888, height: 1056 },
];

test("sizes are shown in px, and the standard one says so", () => {
  assert.deepEqual(sizeChoices(offered), [["0.5", "960 × 544"], ["", "1344 × 768 (standard)"], ["2", "1888 × 1056"]]);
});

test("the size that is made is chosen", () => {
  assert.equal(chosenSize(offered, { width: 960, height: 544 }), "0.5");
  assert.equal(chosenSize(offered, { width: 1344, height: 768 }), "");
});

test("small areas have two decimals, larger ones one", () => {
  assert.deepEqual([[384, 384], [1344, 768], [1500, 1500]].map(([width, height]) => formatArea({ width, height })), ["0.15 MP", "1 MP", "2.3 MP"]);
});
