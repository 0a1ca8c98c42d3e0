// Which job the stage of a medium shows.

import { isEnded } from "../core/job-poller.js";
import { isActive } from "../queue/job-lists.js";

/** @import { JobView } from "../types/api.js" */

/**
 * The job that runs; while none does, the one shown until now, else the first that waits. Null if there is none.
 * ``mine`` are the person's jobs of the medium, ``current`` is the id of the job shown.
 * @param {JobView[]} mine
 * @param {string | undefined} current
 */
export function followedJob(mine, current) {
  const unfinished = mine.filter((job) => !isEnded(job));
  const running = unfinished.filter(isActive).sort((a, b) => (a.started_at ?? 0) - (b.started_at ?? 0));
  const waiting = unfinished.filter((job) => job.state === "queued").sort((a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || a.created_at - b.created_at);
  const shown = unfinished.find((job) => job.id === current);
  return running.find((job) => job.id === current) ?? running[0] ?? shown ?? waiting[0] ?? null;
}
