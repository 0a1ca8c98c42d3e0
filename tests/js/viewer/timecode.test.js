import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, exactRate, frameAt, middleOf, timecode } from "../../../assets/js/viewer/timecode.js";

test("a rounded rate is its exact fraction", () => {
  assert.deepEqual(exactRate(23.976023976), { fps: 24000 / 1001, base: 24, drop: false });
  assert.deepEqual(exactRate(23.976), { fps: 24000 / 1001, base: 24, drop: false });
  assert.deepEqual(exactRate(29.97), { fps: 30000 / 1001, base: 30, drop: true });
  assert.deepEqual(exactRate(59.94), { fps: 60000 / 1001, base: 60, drop: true });
  assert.deepEqual(exactRate(25.0000001), { fps: 25, base: 25, drop: false });
  assert.deepEqual(exactRate(12.5), { fps: 12.5, base: 0, drop: false });
  assert.equal(exactRate(null).fps, 25);
});

test("a frame is found again from its middle, at every rate, for three hours", () => {
  for (const fps of [8, 23.976, 24, 25, 29.97, 50, 59.94, 12.5]) {
    const rate = exactRate(fps);
    for (let frame = 0; frame < 3 * 3600 * fps; frame += 997) {
      assert.equal(frameAt(middleOf(frame, rate), rate), frame);
      assert.equal(frameAt(frame / rate.fps, rate), frame);
    }
  }
});

test("timecode of whole rates and of 23.976 leaves nothing out", () => {
  assert.deepEqual(timecode(30, exactRate(24)), { text: "00:00:01:06", kind: "NDF", name: "Non-drop-frame timecode" });
  assert.equal(timecode(24 * 3600, exactRate(23.976)).text, "01:00:00:00");
  assert.equal(timecode(25 * 61 + 24, exactRate(25)).text, "00:01:01:24");
});

test("drop-frame timecode leaves out two numbers a minute, but not in each tenth minute", () => {
  const ntsc = exactRate(29.97);
  /** @param {number} frame */
  const text = (frame) => timecode(frame, ntsc).text;
  assert.deepEqual([text(1799), text(1800), text(1801)], ["00:00:59;29", "00:01:00;02", "00:01:00;03"]);
  assert.deepEqual([text(17981), text(17982)], ["00:09:59;29", "00:10:00;00"]);
  assert.equal(text(107892), "01:00:00;00");
  assert.equal(timecode(3600, exactRate(59.94)).text, "00:01:00;04");
  assert.equal(timecode(0, ntsc).kind, "DF");
});

test("a rate without timecode shows the time", () => {
  assert.deepEqual(timecode(25, exactRate(12.5)), { text: "0:02.000", kind: "time", name: "Time: this frame rate has no timecode" });
  assert.equal(clock(3723.5), "1:02:03.500");
});
