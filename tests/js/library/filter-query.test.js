import assert from "node:assert/strict";
import { test } from "node:test";
import { apiQuery, formatAddress, parseAddress } from "../../../assets/js/library/filter-query.js";

const now = new Date(2026, 4, 20, 15);

/**
 * @param {number} month
 * @param {number} day
 */
const midnight = (month, day) => new Date(2026, month - 1, day).getTime() / 1000;

test("an address parses back to the values it was made from", () => {
  const values = { q: "red & blue", kind: "clip", date: "week" };
  assert.deepEqual(parseAddress(`#${formatAddress(values, "a1")}`), { values, asset: "a1" });
  assert.equal(formatAddress({}), "library");
  assert.deepEqual(parseAddress("#library"), { values: {}, asset: null });
  assert.deepEqual(parseAddress("#library?favourite=1&q=x")?.values, { favorite: "1", q: "x" });
});

test("other pages, unknown filters and empty filters are ignored", () => {
  assert.equal(parseAddress("#image/cut_out"), null);
  assert.deepEqual(parseAddress("#library?kind=&evil=1")?.values, {});
});

test("a date filter starts at midnight", () => {
  assert.deepEqual(apiQuery({ date: "today" }, now), { since: midnight(5, 20) });
  assert.deepEqual(apiQuery({ date: "week" }, now), { since: midnight(5, 14) });
  assert.deepEqual(apiQuery({ date: "month" }, now), { since: midnight(4, 21) });
});

test("a date range includes its last day and may be open at either end", () => {
  assert.deepEqual(apiQuery({ date: "range", from: "2026-05-01", to: "2026-05-31" }, now), { since: midnight(5, 1), until: midnight(6, 1) });
  assert.deepEqual(apiQuery({ date: "range", to: "2026-05-31" }, now), { since: "", until: midnight(6, 1) });
  assert.deepEqual(apiQuery({ date: "range", from: "soon" }, now), { since: "", until: "" });
});

test("the Show filter becomes API parameters", () => {
  assert.deepEqual(apiQuery({ show: "deleted", tag: "sea" }, now), { tag: "sea", deleted: 1 });
  assert.deepEqual(apiQuery({ show: "upload" }, now), { origin: "upload" });
  assert.deepEqual(apiQuery({ show: "elsewhere" }, now), {});
});
