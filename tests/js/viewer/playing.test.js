import assert from "node:assert/strict";
import { test } from "node:test";
import { Playback } from "../../../assets/js/viewer/playback.js";
import { bounds, isWhole, WHOLE, withEnd, withStart } from "../../../assets/js/viewer/loop.js";
import { shuttle, speedText } from "../../../assets/js/viewer/shuttle.js";
import { columnsOf, moveSpan, zoomSpan } from "../../../assets/js/viewer/span.js";

test("J and L play in both directions, faster each time; K stops", () => {
  /** @param {string} keys */
  const speeds = (keys) => [...keys].reduce((/** @type {number[]} */ all, key) => [...all, shuttle(all.at(-1) ?? 0, /** @type {"j" | "k" | "l"} */ (key))], []);
  assert.deepEqual(speeds("lllll"), [1, 2, 4, 8, 8]);
  assert.deepEqual(speeds("jjklj"), [-1, -2, 0, 1, -1]);
  assert.equal(shuttle(0.5, "l"), 1);
  assert.deepEqual([speedText(-2), speedText(0.25)], ["−2×", "0.25×"]);
});

test("a pause that is reported late does not stop what plays again", () => {
  const media = Object.assign(new EventTarget(), {
    paused: true, ended: false, currentTime: 0, duration: 10, isConnected: false, pause() {}, async play() { media.paused = false; },
  });
  const player = new Playback(/** @type {HTMLVideoElement} */ (/** @type {unknown} */ (media)), { fps: 25, base: 25, drop: false }, 250, () => {});
  player.setSpeed(0);
  player.setSpeed(1);
  media.dispatchEvent(new Event("pause"));
  assert.equal(player.speed, 1);
  media.paused = true;
  media.dispatchEvent(new Event("pause"));
  assert.equal(player.speed, 0);
});

test("an in point after the out point drops it, and the other way round", () => {
  assert.deepEqual(withStart({ start: null, end: 20 }, 10), { start: 10, end: 20 });
  assert.deepEqual(withStart({ start: 5, end: 20 }, 30), { start: 30, end: null });
  assert.deepEqual(withEnd({ start: 30, end: null }, 10), { start: null, end: 10 });
  assert.deepEqual(bounds({ start: 30, end: null }, 50), { first: 30, last: 50 });
  assert.deepEqual(bounds({ start: 30, end: 90 }, 50), { first: 30, last: 50 });
  assert.equal(isWhole(WHOLE), true);
});

test("a sound is zoomed around a moment, within its ends, down to a second", () => {
  const hours = 3 * 3600;
  assert.deepEqual(zoomSpan({ from: 0, to: 100 }, 2, 50, 100), { from: 25, to: 75 });
  assert.deepEqual(zoomSpan({ from: 25, to: 75 }, 0.1, 30, 100), { from: 0, to: 100 });
  const close = zoomSpan({ from: 0, to: hours }, 1e9, hours, hours);
  assert.deepEqual(close, { from: hours - 1, to: hours });
  assert.deepEqual(moveSpan({ from: 10, to: 20 }, -50, 100), { from: 0, to: 10 });
  assert.deepEqual(zoomSpan({ from: 0, to: 0.4 }, 9, 0.2, 0.4), { from: 0, to: 0.4 });
});

test("the columns of a part are its loudest peaks", () => {
  const peaks = [0, 10, 20, 30, 40, 50, 60, 70];
  assert.deepEqual(columnsOf(peaks, { from: 0, to: 8 }, { from: 0, to: 8 }, 4), [10, 30, 50, 70]);
  assert.deepEqual(columnsOf(peaks, { from: 0, to: 8 }, { from: 2, to: 4 }, 4), [20, 20, 30, 30]);
  assert.deepEqual(columnsOf(peaks, { from: 100, to: 108 }, { from: 104, to: 106 }, 2), [40, 50]);
});
