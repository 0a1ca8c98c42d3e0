// One poller a page. It knows the queue and the device, and tells the rest of the page what changed.

import { Problem, get } from "./api.js";
import { say } from "./bus.js";

const ENDED = new Set(["done", "failed", "cancelled"]);
export const ended = (job) => ENDED.has(job.state);

export const jobs = new Map();
let cursor = "", timer, online = true, busy = false;

const active = () => [...jobs.values()].some((job) => !ended(job));
const mineActive = () => [...jobs.values()].some((job) => job.mine && !ended(job));

function take(news) {
  const known = new Map(jobs);
  if (news.whole) jobs.clear();
  for (const job of news.jobs) jobs.set(job.id, job);
  cursor = news.cursor;
  for (const job of news.jobs) {
    const before = known.get(job.id);
    if (job.mine && ended(job) && before && !ended(before)) say("finished", job);
  }
  if (news.device) say("device", news.device);
  if (news.whole || news.jobs.length) say("jobs", { jobs, changed: news.jobs });
}

function pause() {
  if (!online) return 2000;
  if (document.hidden) return mineActive() ? 4000 : null; // hidden and idle: wait until somebody looks
  return active() ? 500 : 2000;
}

async function poll() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  try {
    take(await get(`jobs?${new URLSearchParams(cursor ? { since: cursor } : {})}`));
    if (!online) say("online", online = true);
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error);
    if (error.status === 401) return; // on the way to the login page
    if (online) say("online", online = false);
  } finally {
    busy = false;
  }
  const wait = pause();
  if (wait !== null) timer = setTimeout(poll, wait);
}

/** Look now: something was just asked for. */
export const kick = () => { clearTimeout(timer); poll(); };

/** A job this page just made or changed, before the next poll tells of it. */
export const note = (job) => take({ whole: false, cursor, jobs: [job] });

export function start() {
  document.addEventListener("visibilitychange", () => document.hidden || kick());
  addEventListener("online", kick);
  poll();
}
