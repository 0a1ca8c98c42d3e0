import assert from "node:assert/strict";
import { test } from "node:test";
import { histograms, LEVELS, lumaWaveform, TARGETS, toYCbCr, vectorscope, vectorscopePoint } from "../../../assets/js/viewer/scope-math.js";

/** @param {number[][]} pixels */
const rgba = (pixels) => new Uint8ClampedArray(pixels.flatMap(([r, g, b, a = 255]) => [r, g, b, a]));

test("luma and color difference follow BT.709", () => {
  assert.deepEqual(Object.values(toYCbCr(1, 1, 1)).map((value) => +value.toFixed(9)), [1, 0, 0]);
  const red = toYCbCr(1, 0, 0), blue = toYCbCr(0, 0, 1);
  assert.deepEqual([red.y, red.cr, blue.y, blue.cb].map((value) => +value.toFixed(6)), [0.2126, 0.5, 0.0722, 0.5]);
  assert.equal(red.cb.toFixed(4), "-0.1146");
});

test("the waveform counts each column's levels: black left, white right", () => {
  const counts = lumaWaveform(rgba([[0, 0, 0], [255, 255, 255], [0, 0, 0], [255, 255, 255]]), 2, 4);
  assert.equal(counts[0], 2);
  assert.equal(counts[(LEVELS - 1) * 4 + 2], 2);
  assert.equal(counts.reduce((sum, count) => sum + count), 4);
});

test("gray is in the middle of the vectorscope, and 75 % bars are on their targets", () => {
  const gray = vectorscope(rgba([[128, 128, 128]]));
  assert.equal(gray[128 * LEVELS + 128], 1);
  for (const [, r, g, b] of TARGETS) {
    const { x, y } = vectorscopePoint(r, g, b), counts = vectorscope(rgba([[r, g, b].map((value) => Math.round(value * 255))]));
    const at = counts.indexOf(1);
    assert.ok(Math.abs((at % LEVELS) - x) <= 1 && Math.abs(Math.floor(at / LEVELS) - y) <= 1);
  }
});

test("red is up and a little left, blue is right and a little down", () => {
  const red = vectorscopePoint(0.75, 0, 0), blue = vectorscopePoint(0, 0, 0.75);
  assert.ok(red.y < 60 && red.x < 128);
  assert.ok(blue.x > 200 && blue.y > 128);
});

test("the histogram counts each channel, without transparent pixels", () => {
  const [r, g, b] = histograms(rgba([[10, 20, 30], [10, 0, 0], [9, 9, 9, 0]]));
  assert.deepEqual([r[10], g[20], g[0], b[30], r[9]], [2, 1, 1, 1, 0]);
});
