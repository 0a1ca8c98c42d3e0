import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded, fitZoom, nextStop, overflows, rectangle, zoomAround } from "../../../assets/js/viewer/zoom.js";

const frame = { picture: { width: 4000, height: 2000 }, area: { width: 1000, height: 800 }, density: 2 };

test("the whole picture fits its area, in device pixels", () => {
  assert.equal(fitZoom(frame), 0.5);
  assert.deepEqual(rectangle({ zoom: 0.5, x: 0, y: 0 }, frame), { left: 0, top: 150, width: 1000, height: 500 });
});

test("at 100 % a pixel of the picture is a pixel of the screen, and starts on one", () => {
  const odd = { picture: { width: 333, height: 111 }, area: { width: 801, height: 600 }, density: 1.5 };
  const { left, top, width } = rectangle({ zoom: 1, x: 3.3, y: 0 }, odd);
  assert.equal(width * 1.5, 333);
  assert.equal(left * 1.5, Math.round(left * 1.5));
  assert.equal(top * 1.5, Math.round(top * 1.5));
});

test("what is under the pointer stays there", () => {
  const view = { zoom: 1, x: 100, y: -50 }, point = { x: 200, y: 120 };
  const next = zoomAround(view, 2, point, frame);
  /** @param {typeof view} one */
  const under = (one) => [(point.x - one.x) / one.zoom, (point.y - one.y) / one.zoom];
  assert.deepEqual(under(next), under(view));
});

test("no edge of the picture comes into its area, and a picture that fits is centered", () => {
  assert.deepEqual(bounded({ zoom: 1, x: 9000, y: -9000 }, frame), { zoom: 1, x: 500, y: -100 });
  assert.deepEqual(bounded({ zoom: 0.5, x: 30, y: 30 }, frame), { zoom: 0.5, x: 0, y: 0 });
  assert.equal(overflows(0.5, frame), false);
  assert.equal(overflows(1, frame), true);
});

test("the zoom ends at the whole picture and at 1600 %, and a small picture may be larger than that", () => {
  assert.equal(bounded({ zoom: 0.01, x: 0, y: 0 }, frame).zoom, 0.5);
  assert.equal(bounded({ zoom: 99, x: 0, y: 0 }, frame).zoom, 16);
  const icon = { ...frame, picture: { width: 16, height: 16 } };
  assert.equal(bounded({ zoom: 99, x: 0, y: 0 }, icon).zoom, 99);
  assert.equal(bounded({ zoom: 0.1, x: 0, y: 0 }, icon).zoom, 1);
});

test("the keys go through round zooms", () => {
  assert.deepEqual([nextStop(0.62, 1), nextStop(2 / 3, 1), nextStop(1, 1), nextStop(1, -1), nextStop(16, 1)], [2 / 3, 1, 1.5, 2 / 3, 16]);
});
