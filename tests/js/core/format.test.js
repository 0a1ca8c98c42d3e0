import assert from "node:assert/strict";
import { test } from "node:test";
import { capitalize, describeMedia, formatBytes, formatDate, formatDuration, parseTables } from "../../../assets/js/core/format.js";

test("durations are rounded to a useful precision", () => {
  /** @type {[number, string][]} */
  const cases = [[0, "1 s"], [8.4, "8 s"], [59.4, "59 s"], [59.5, "1 min"], [80, "1 min 20 s"], [119, "2 min"], [600, "10 min"], [5399, "90 min"], [5400, "1.5 h"], [7200, "2 h"]];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text, String(seconds));
});

test("bytes have one decimal below ten", () => {
  /** @type {[number, string][]} */
  const cases = [[0, "1 kB"], [1499, "1 kB"], [2_500_000, "2.5 MB"], [12_300_000, "12 MB"], [8_100_000_000, "8.1 GB"], [33_000_000_000, "33 GB"]];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text, String(bytes));
});

test("a clip is described by size, duration and frame rate, a sound by its duration alone", () => {
  assert.equal(describeMedia({ width: 1920, height: 1080, seconds: 12, fps: 23.976 }), "1920 × 1080 · 12 s · 23.976 fps");
  assert.equal(describeMedia({ width: null, height: null, seconds: 90, fps: null }), "1 min 30 s");
});

test("today and yesterday are named", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: new Date(2026, 4, 3, 0, 30) });
  const at = (/** @type {Date} */ date) => formatDate(date.getTime() / 1000).split(" ")[0];
  assert.equal(at(new Date(2026, 4, 3, 0, 5)), "today");
  assert.equal(at(new Date(2026, 4, 2, 23, 59)), "yesterday");
  assert.notEqual(at(new Date(2026, 4, 1, 23, 59)), "yesterday");
});

test("a table contains its own entries and nothing from a prototype", () => {
  const table = parseTables('{"tasks": {"speak": {"name": "Speak"}}}');
  assert.equal(table.tasks.speak.name, "Speak");
  assert.equal(table.tasks.constructor, undefined);
});

test("a sentence starts with a capital letter", () => {
  assert.equal(capitalize("épée"), "Épée");
  assert.equal(capitalize(""), "");
});
