// The queue as lists: running, waiting in order, failed, done today; and as one line.

import { formatDuration } from "../core/format.js";
import { isEnded } from "../core/job-poller.js";

/** @import { JobView } from "../types/api.js" */

/** @typedef {"running" | "waiting" | "failed" | "done"} ListName */

const ACTIVE = new Set(["loading", "running", "saving"]);
const DAY = 86_400; // s

/** @param {JobView} job */
export const isActive = (job) => ACTIVE.has(job.state);

/**
 * A failure that is still listed.
 * @param {JobView} job
 * @param {number} now in seconds since 1970
 */
const isOpenFailure = (job, now) => job.state === "failed" && job.mine && !job.dismissed && job.task !== "write" && now - (job.finished_at ?? 0) < DAY;

/**
 * Waiting jobs in their order; paused ones last.
 * @param {JobView} a
 * @param {JobView} b
 */
const inOrder = (a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || a.created_at - b.created_at;

/**
 * The lists of the panel. Answers are shown in their conversation, so they are listed only until they end.
 * @param {Iterable<JobView>} jobs
 * @param {Date} now
 * @returns {Record<ListName, JobView[]>}
 */
export function jobLists(jobs, now = new Date()) {
  const all = [...jobs], seconds = now.getTime() / 1000;
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime() / 1000;
  /** @param {JobView} a @param {JobView} b */
  const latest = (a, b) => (b.finished_at ?? 0) - (a.finished_at ?? 0);
  return {
    running: all.filter(isActive).sort((a, b) => Number(b.mine) - Number(a.mine) || (a.started_at ?? 0) - (b.started_at ?? 0)),
    waiting: all.filter((job) => !isEnded(job) && !isActive(job)).sort(inOrder),
    failed: all.filter((job) => isOpenFailure(job, seconds)).sort(latest),
    done: all.filter((job) => job.state === "done" && job.mine && job.task !== "write" && (job.finished_at ?? 0) >= midnight).sort(latest),
  };
}

/**
 * What tells a job apart: its title, or, if that is private, whose and what it is.
 * @param {JobView} job
 */
export const jobName = (job) => {
  if (!job.title) return job.mine ? job.noun : `${job.owner} · ${job.noun}`;
  return job.mine ? job.title : `${job.owner} · ${job.title}`;
};

/**
 * The queue in one line: what runs, and what else there is to know. Both are empty if there is nothing.
 * @param {Iterable<JobView>} jobs
 * @param {Date} [now]
 */
export function statusLine(jobs, now = new Date()) {
  const { running, waiting, failed } = jobLists(jobs, now);
  const [first] = running;
  const left = first?.seconds_left ? `${formatDuration(first.seconds_left)} left` : "";
  const rest = [left, waiting.length && `${waiting.length} waiting`, failed.length && `${failed.length} failed`];
  return { what: first ? jobName(first) : "", rest: rest.filter(Boolean).join(" · "), unfinished: running.length + waiting.length };
}

/**
 * The person's waiting jobs that a job can be moved among, in order.
 * @param {JobView[]} waiting
 * @param {JobView} job
 */
export const movableWith = (waiting, job) => (job.can_move ? waiting.filter((other) => other.can_move && other.lane === job.lane) : []);
