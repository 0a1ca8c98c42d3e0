import assert from "node:assert/strict";
import { test } from "node:test";
import { Layout, sections } from "../../../assets/js/library/layout.js";

const now = new Date(2026, 4, 20, 15);

/**
 * A moment in microseconds, as in the API.
 * @param {number} month
 * @param {number} day
 */
const moment = (month, day, hour = 12) => new Date(2026, month - 1, day, hour).getTime() * 1000;

const shape = { least: 190, gap: 10, ratio: 0.75, under: 32 };

test("a list is divided into today, yesterday, the last days and months", () => {
  const found = sections([moment(5, 20), moment(5, 20, 0), moment(5, 19), moment(5, 16), moment(5, 3), moment(5, 1), moment(3, 9)], now);
  assert.deepEqual(found.map(({ from, count }) => [from, count]), [[0, 2], [2, 1], [3, 1], [4, 2], [6, 1]]);
  assert.deepEqual(found.slice(0, 2).map(({ title }) => title), ["Today", "Yesterday"]);
});

test("a date in the future counts as today", () => {
  assert.deepEqual(sections([moment(5, 21)], now), [{ title: "Today", from: 0, count: 1 }]);
});

test("an empty list has no sections and no height", () => {
  const layout = new Layout(sections([], now), 1000, shape);
  assert.equal(layout.height, 0);
  assert.deepEqual(layout.between(0, 500), { first: 0, last: 0, from: 0, to: 0 });
});

test("tiles fill the width, at least two in a row", () => {
  const layout = new Layout([], 990, shape);
  assert.equal(layout.columns, 5);
  assert.equal(layout.width * 5 + 4 * 10, 990);
  assert.equal(new Layout([], 100, shape).columns, 2);
});

test("each section starts below the previous one", () => {
  const layout = new Layout([{ title: "a", from: 0, count: 7 }, { title: "b", from: 7, count: 1 }], 990, shape);
  assert.deepEqual(layout.spot(0), { left: 0, top: 46 });
  assert.deepEqual(layout.spot(5), { left: 0, top: 46 + layout.row });
  assert.deepEqual(layout.spot(7), { left: 0, top: 2 * 46 + 2 * layout.row });
  assert.equal(layout.height, 2 * 46 + 3 * layout.row);
});

test("the tiles between two heights are exactly the visible ones", () => {
  const counts = [7, 1, 23, 5];
  let from = 0;
  const listed = counts.map((count) => { const section = { title: "", from, count }; from += count; return section; });
  const layout = new Layout(listed, 990, shape);
  for (let top = 0; top < layout.height; top += 37) {
    const { first, last } = layout.between(top, top + 300);
    for (let place = 0; place < from; place += 1) {
      const tile = layout.spot(place).top;
      const seen = tile + layout.tall > top && tile < top + 300;
      if (seen) assert.ok(place >= first && place < last, `tile ${place} at ${top}`);
      if (tile + layout.row <= top || tile >= top + 300) assert.ok(place < first || place >= last, `tile ${place} at ${top} is not seen`);
    }
  }
});

test("arrow keys keep the column, across headings too, and stop at the ends", () => {
  const layout = new Layout([{ title: "a", from: 0, count: 7 }, { title: "b", from: 7, count: 4 }], 990, shape);
  assert.equal(layout.beside(1, 1), 6);
  assert.equal(layout.beside(3, 1), 6, "the row below is shorter");
  assert.equal(layout.beside(6, 1), 8);
  assert.equal(layout.beside(10, -1), 6);
  assert.equal(layout.beside(2, -1), 2);
  assert.equal(layout.beside(9, 1), 9);
});
