import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { on } from "../../../assets/js/core/bus.js";
import { applyNews, isEnded, jobs, pollDelay } from "../../../assets/js/core/job-poller.js";

/** @import { JobView } from "../../../assets/js/types/api.js" */

/**
 * @param {string} id
 * @param {JobView["state"]} state
 */
const job = (id, state, mine = true) => /** @type {JobView} */ ({ id, state, mine });

/** @type {string[]} */
let finished = [];

/** @type {string[][]} */
let changed = [];
on("finished", ({ id }) => finished.push(id));
on("jobs", (news) => changed.push(news.changed.map(({ id }) => id)));

beforeEach(() => {
  applyNews({ cursor: "0", whole: true, jobs: [] });
  finished = [];
  changed = [];
});

test("a job has ended when it is done, failed or canceled", () => {
  assert.deepEqual(["done", "failed", "cancelled", "paused", "running"].map((state) => isEnded({ state: /** @type {JobView["state"]} */ (state) })),
    [true, true, true, false, false]);
});

test("the page polls twice a second while a job is running, otherwise every two seconds", () => {
  assert.equal(pollDelay({ online: true, hidden: false, jobs: [job("a", "running", false)] }), 500);
  assert.equal(pollDelay({ online: true, hidden: false, jobs: [job("a", "done")] }), 2000);
});

test("a hidden page polls only while it has unfinished jobs of its own", () => {
  assert.equal(pollDelay({ online: true, hidden: true, jobs: [job("a", "queued")] }), 4000);
  assert.equal(pollDelay({ online: true, hidden: true, jobs: [job("a", "queued", false)] }), null);
});

test("if the studio does not respond, the page polls again after two seconds, hidden or not", () => {
  assert.equal(pollDelay({ online: false, hidden: true, jobs: [] }), 2000);
  assert.equal(pollDelay({ online: false, hidden: false, jobs: [job("a", "running")] }), 2000);
});

test("the end of an own job is reported once; other people's jobs and jobs first seen after their end are not", () => {
  applyNews({ cursor: "1", whole: true, jobs: [job("mine", "running"), job("theirs", "running", false), job("old", "done")] });
  applyNews({ cursor: "2", whole: false, jobs: [job("mine", "done"), job("theirs", "done", false)] });
  applyNews({ cursor: "3", whole: false, jobs: [job("mine", "done")] });
  assert.deepEqual(finished, ["mine"]);
});

test("partial news is merged into the known jobs; the whole queue replaces them", () => {
  applyNews({ cursor: "1", whole: false, jobs: [job("a", "queued")] });
  applyNews({ cursor: "2", whole: false, jobs: [job("b", "queued")] });
  assert.deepEqual([...jobs.keys()], ["a", "b"]);
  applyNews({ cursor: "3", whole: true, jobs: [job("c", "queued")] });
  assert.deepEqual([...jobs.keys()], ["c"]);
});

test("the page is notified only of actual changes", () => {
  applyNews({ cursor: "1", whole: false, jobs: [] });
  assert.deepEqual(changed, []);
  applyNews({ cursor: "2", whole: false, jobs: [job("a", "queued")] });
  assert.deepEqual(changed, [["a"]]);
});
