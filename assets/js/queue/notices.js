// What is said when one of this person's jobs ends.

import { on } from "../core/bus.js";
import { capitalize } from "../core/format.js";
import { medium } from "../core/media.js";
import { toast } from "../core/toast.js";

/** @import { JobView } from "../types/api.js" */

/** The window's title before the first notice in it. @type {string | null} */
let plain = null;

/**
 * @param {boolean} done
 * @param {string} text
 * @param {JobView} job
 */
function tellOutside(done, text, job) {
  plain ??= document.title;
  document.title = `(${done ? "✓" : "!"}) ${plain}`;
  if ("Notification" in window && Notification.permission === "granted") {
    const card = new Notification(text, { body: job.title, tag: job.id });
    card.onclick = () => { window.focus(); card.close(); };
  }
}

/**
 * Report ends to a screen reader (``said``), in the title of a hidden window, and as a notice in another tab.
 * @param {HTMLElement} said
 * @param {(job: JobView) => void} show
 */
export function listenForEnds(said, show) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || plain === null) return;
    document.title = plain;
    plain = null;
  });
  on("finished", (job) => {
    if (job.state === "cancelled" || job.task === "write") return;
    const done = job.state === "done";
    const text = done ? `${capitalize(job.noun)} is done.` : (job.error?.what ?? "Failed.");
    said.textContent = text;
    if (document.hidden) tellOutside(done, text, job);
    else if (document.body.dataset.tab !== medium(job.task)) {
      toast(text, { bad: !done, act: done ? { label: "Show", run: () => show(job) } : undefined });
    }
  });
}
