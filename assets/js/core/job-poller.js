// The page's single poller. It tracks the queue and the device, and emits what changed.

import { get, Problem } from "./api.js";
import { emit } from "./bus.js";

/** @import { Follow, JobView } from "../types/api.js" */

const ENDED = new Set(["done", "failed", "cancelled"]);

/** @param {Pick<JobView, "state">} job */
export const isEnded = (job) => ENDED.has(job.state);

/** The known jobs, by id. @type {Map<string, JobView>} */
export const jobs = new Map();

let cursor = "";
let online = true, busy = false;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Apply changes of the queue and notify the page.
 * @param {Pick<Follow, "cursor" | "whole" | "jobs"> & Partial<Follow>} news
 */
export function applyNews(news) {
  const known = new Map(jobs);
  if (news.whole) jobs.clear();
  for (const job of news.jobs) jobs.set(job.id, job);
  ({ cursor } = news);
  for (const job of news.jobs) {
    const before = known.get(job.id);
    if (job.mine && isEnded(job) && before && !isEnded(before)) emit("finished", job);
  }
  if (news.device) emit("device", news.device);
  if (news.whole || news.jobs.length) emit("jobs", { jobs, changed: news.jobs });
}

/**
 * The milliseconds until the next poll; null while the page is hidden and this person has no unfinished jobs.
 * @param {{ online: boolean, hidden: boolean, jobs: Iterable<Pick<JobView, "state" | "mine">> }} page
 */
export function pollDelay(page) {
  const active = [...page.jobs].filter((job) => !isEnded(job));
  if (!page.online) return 2000;
  if (page.hidden) return active.some((job) => job.mine) ? 4000 : null;
  return active.length ? 500 : 2000;
}

/** @param {boolean} now */
function setOnline(now) {
  if (online === now) return;
  online = now;
  emit("online", now);
}

async function poll() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  try {
    applyNews(await get(`jobs?${new URLSearchParams(cursor ? { since: cursor } : {})}`));
    setOnline(true);
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error);
    else if (error.status === 401) return; // the login page is opening
    setOnline(false);
  } finally {
    busy = false;
  }
  const wait = pollDelay({ online, hidden: document.hidden, jobs: jobs.values() });
  if (wait !== null) timer = setTimeout(poll, wait);
}

/** Poll now: a request was just sent. */
export const pollNow = () => { clearTimeout(timer); poll(); };

/**
 * Add a job this page just created or changed, before the next poll reports it.
 * @param {JobView} job
 */
export const mergeJob = (job) => applyNews({ whole: false, cursor, jobs: [job] });

export function start() {
  document.addEventListener("visibilitychange", () => document.hidden || pollNow());
  addEventListener("online", pollNow);
  poll();
}
