import assert from "node:assert/strict";
import { test } from "node:test";
import { followedJob } from "../../../assets/js/stage/followed-job.js";

/** @import { JobView } from "../../../assets/js/types/api.js" */

/**
 * @param {string} id
 * @param {JobView["state"]} state
 * @param {Partial<JobView>} [more]
 */
const job = (id, state, more = {}) => /** @type {JobView} */ ({ id, state, created_at: 1, started_at: null, place: null, ...more });

/** @param {JobView[]} jobs @param {string} [current] */
const followed = (jobs, current) => followedJob(jobs, current)?.id;

test("the running job is shown, not the newest request", () => {
  const jobs = [job("new", "queued", { place: 2 }), job("runs", "running")];
  assert.equal(followed(jobs), "runs");
  assert.equal(followed(jobs, "new"), "runs");
});

test("of two that run, the one shown stays", () => {
  const jobs = [job("a", "running", { started_at: 1 }), job("b", "loading", { started_at: 2 })];
  assert.equal(followed(jobs), "a");
  assert.equal(followed(jobs, "b"), "b");
});

test("a job that lets a short one run stays; of those that wait, the first in line is shown", () => {
  const jobs = [job("later", "queued", { place: 3 }), job("long", "queued", { place: 2 })];
  assert.equal(followed(jobs), "long");
  assert.equal(followed(jobs, "later"), "later");
});

test("nothing is shown when everything has ended", () => {
  assert.equal(followed([job("a", "done"), job("b", "failed")], "a"), undefined);
});
