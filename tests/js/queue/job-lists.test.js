import assert from "node:assert/strict";
import { test } from "node:test";
import { jobLists, jobName, movableWith, statusLine } from "../../../assets/js/queue/job-lists.js";

/** @import { JobView } from "../../../assets/js/types/api.js" */

const now = new Date(2026, 5, 10, 15), seconds = now.getTime() / 1000;

/**
 * @param {string} id
 * @param {JobView["state"]} state
 * @param {Partial<JobView>} [more]
 */
const job = (id, state, more = {}) => /** @type {JobView} */ ({
  id, state, mine: true, owner: "ann", noun: "picture", title: id, task: "create_image", lane: "device", created_at: 1, place: null, finished_at: null, ...more,
});

/** @param {JobView[]} list */
const ids = (list) => list.map(({ id }) => id);

test("jobs are listed by what they do, the waiting ones in order", () => {
  const lists = jobLists([
    job("third", "queued", { place: 3 }), job("second", "queued", { place: 2 }), job("paused", "paused"), job("first", "running"),
    job("theirs", "loading", { mine: false }),
  ], now);
  assert.deepEqual(ids(lists.running), ["first", "theirs"]);
  assert.deepEqual(ids(lists.waiting), ["second", "third", "paused"]);
});

test("failures stay for a day unless they are dismissed, results until midnight; other people's and answers do not", () => {
  const ended = [
    job("new", "failed", { finished_at: seconds - 3600 }), job("old", "failed", { finished_at: seconds - 90_000 }),
    job("away", "failed", { finished_at: seconds, dismissed: true }), job("theirs", "failed", { finished_at: seconds, mine: false }),
    job("today", "done", { finished_at: seconds - 3600 }), job("yesterday", "done", { finished_at: seconds - 16 * 3600 }),
    job("answer", "done", { finished_at: seconds, task: "write" }),
  ];
  const lists = jobLists(ended, now);
  assert.deepEqual([ids(lists.failed), ids(lists.done)], [["new"], ["today"]]);
});

test("one line says what runs, how long, and how many wait", () => {
  const running = job("portrait · 2x", "running", { seconds_left: 40 });
  assert.deepEqual(statusLine([running, job("a", "queued"), job("b", "queued")], now),
    { what: "portrait · 2x", rest: "40 s left · 2 waiting", unfinished: 3 });
  assert.deepEqual(statusLine([job("a", "done", { finished_at: seconds })], now), { what: "", rest: "", unfinished: 0 });
  assert.equal(statusLine([job("a", "failed", { finished_at: seconds })], now).rest, "1 failed");
});

test("another person's job is named by its owner and kind unless its title may be seen", () => {
  assert.equal(jobName(job("x", "running", { mine: false, title: "" })), "ann · picture");
  assert.equal(jobName(job("x", "running", { mine: false })), "ann · x");
  assert.equal(jobName(job("x", "running")), "x");
});

test("a job can be moved among the person's own of the same lane", () => {
  const a = job("a", "queued", { can_move: true }), b = job("b", "queued", { can_move: true, lane: "cpu" });
  const c = job("c", "queued", { can_move: true }), theirs = job("theirs", "queued", { mine: false, can_move: false });
  assert.deepEqual(ids(movableWith([a, b, theirs, c], a)), ["a", "c"]);
  assert.deepEqual(movableWith([a, theirs], theirs), []);
});
