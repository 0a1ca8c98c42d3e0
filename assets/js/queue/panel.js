// The queue: a panel at the side, on a phone a sheet. It lists what runs, waits, failed and was done today.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { closest, dataOf, find, findAll, onAction, query } from "../core/dom.js";
import { jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { openLayer } from "../core/layers.js";
import { medium } from "../core/media.js";
import { failed } from "../core/toast.js";
import { openTab } from "../shell/router.js";
import { cancelJob, pauseOrResume, retryJob, showAsset } from "../stage/asset-actions.js";
import { jobLists, movableWith, statusLine } from "./job-lists.js";
import { listenForEnds } from "./notices.js";
import { listenForReordering } from "./reorder.js";
import { fillRow, newRow } from "./rows.js";

/**
 * @import { JobView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 * @import { ListName } from "./job-lists.js"
 */

const PAGE = 40; // rows of a list, until more are asked for
const DAY = 86_400; // s

export class QueuePanel {
  /** @type {(() => void) | undefined} */
  closed;
  /** @type {HTMLElement | null} */
  opener;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".queue");
    this.said = find(element, ".said");
    /** The jobs that ended today, as far as they are known. @type {Map<string, JobView>} */
    this.ended = new Map();
    /** @type {Map<string, HTMLLIElement>} */
    this.rows = new Map();
    /** @type {Map<string, number>} */
    this.shown = new Map();
    this.lists = this.look();
    /** @param {HTMLElement} target */
    const id = (target) => dataOf(closest(target, "[data-job]")).job;
    onAction(element, {
      cancel: (target) => cancelJob(id(target)),
      pause: (target) => pauseOrResume(id(target), "pause"),
      resume: (target) => pauseOrResume(id(target), "resume"),
      retry: (target) => { this.dismiss(id(target)); retryJob(id(target)); },
      dismiss: (target) => this.dismiss(id(target)),
      "dismiss-all": () => this.dismissAll(),
      "cancel-all": () => this.confirm(true),
      keep: () => this.confirm(false),
      "cancel-now": () => this.cancelAll(),
      up: (target) => this.shift(id(target), -1),
      down: (target) => this.shift(id(target), 1),
      show: (target) => { const job = this.job(id(target)); if (job) this.show(job); },
      more: (target) => this.more(target),
      close: () => this.close(),
    });
    listenForReordering(find(this.root, "[data-list=waiting] ul"),
      (job, anchor) => job !== anchor && this.among(job).some((other) => other.id === anchor),
      (job, anchor, after) => this.move(job, anchor, after));
    listenForEnds(this.said, (job) => this.show(job));
    on("jobs", () => this.draw());
    on("queue", () => this.toggle());
    on("online", (online) => element.classList.toggle("lost", !online));
    this.draw();
  }

  get open() { return this.root.classList.contains("open"); }

  toggle() {
    if (this.open) return this.close();
    this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.root.classList.add("open");
    this.closed = openLayer(() => this.close());
    emit("queueOpen", true);
    this.draw();
    this.root.focus();
    this.loadEnded();
  }

  close() {
    if (!this.open) return;
    const inside = this.root.contains(document.activeElement);
    this.root.classList.remove("open");
    this.confirm(false);
    this.closed?.();
    emit("queueOpen", false);
    if (inside) this.opener?.focus();
  }

  // -- the lists

  /** The queue knows only the last hour; the rest of the day is in the database. */
  async loadEnded() {
    try {
      const since = Math.floor(Date.now() / 1000 - DAY);
      for (const job of await api.get(`jobs/ended?since=${since}`)) this.ended.set(job.id, job);
      this.draw();
    } catch (error) { failed(error); }
  }

  look() { return jobLists(new Map([...this.ended, ...jobs]).values()); }

  /** @param {string} id */
  job(id) { return jobs.get(id) ?? this.ended.get(id); }

  draw() {
    const count = query(document, ".bottom-bar .count");
    if (count) { const { unfinished } = statusLine(jobs.values()); count.textContent = unfinished ? ` · ${unfinished}` : ""; }
    if (!this.open) return;
    this.lists = this.look();
    const focused = /** @type {HTMLElement | null} */ (document.activeElement), left = focused?.closest(".job");
    const at = findAll(this.root, ".job").findIndex((one) => one === left);
    const seen = new Set(findAll(this.root, "[data-list]").flatMap((section) => this.fill(section)));
    for (const [id, row] of this.rows) if (!seen.has(id)) { row.remove(); this.rows.delete(id); }
    if (focused !== document.activeElement && focused?.isConnected) focused.focus(); // a row that moves loses it
    else if (left && !focused?.isConnected) this.focusRow(left.isConnected ? left : findAll(this.root, ".job")[at]);
    find(this.root, ".calm").hidden = seen.size > 0;
    const mine = this.lists.waiting.filter((job) => job.mine && job.state === "queued").length;
    find(this.root, "[data-do=cancel-all]").hidden = mine < 2;
    find(this.root, ".sure b").textContent = `Cancel ${mine} waiting jobs?`;
    if (!mine) this.confirm(false);
  }

  /**
   * Fill one list. Returns the ids of its rows.
   * @param {HTMLElement} section
   */
  fill(section) {
    const name = /** @type {ListName} */ (dataOf(section).list), list = this.lists[name];
    const most = this.shown.get(name) ?? PAGE, visible = list.slice(0, most);
    section.hidden = !list.length;
    find(section, ".count").textContent = list.length > 1 ? String(list.length) : "";
    const more = find(section, "[data-do=more]");
    more.hidden = list.length <= most;
    more.textContent = `Show ${Math.min(PAGE, list.length - most)} more`;
    const ul = find(section, "ul");
    visible.forEach((job, i) => {
      const row = this.rows.get(job.id) ?? newRow();
      this.rows.set(job.id, row);
      fillRow(row, job, movableWith(this.lists.waiting, job));
      if (ul.children[i] !== row) ul.insertBefore(row, ul.children[i] ?? null);
    });
    return visible.map((job) => job.id);
  }

  /**
   * Show more of a list. Once all are shown, the focus moves on to the first new one.
   * @param {HTMLButtonElement} button
   */
  more(button) {
    const section = closest(button, "[data-list]"), { list } = dataOf(section), most = this.shown.get(list) ?? PAGE;
    this.shown.set(list, most + PAGE);
    this.draw();
    if (button.hidden) this.focusRow(findAll(section, ".job")[most]);
  }

  /**
   * Focus the first button of a row, or the panel.
   * @param {Element | undefined} row
   */
  focusRow(row) { ((row && query(row, "button")) ?? this.root).focus(); }

  // -- changes

  /**
   * Show the result of a job: its file, or the tab it belongs to.
   * @param {JobView} job
   */
  show(job) {
    this.close();
    if (job.assets.length) showAsset(job.assets[0]); else openTab(medium(job.task));
  }

  /** @param {string} id */
  among(id) { const job = jobs.get(id); return job ? movableWith(this.lists.waiting, job) : []; }

  /**
   * @param {string} id
   * @param {number} by
   */
  shift(id, by) {
    const among = this.among(id), anchor = among[among.findIndex((job) => job.id === id) + by];
    if (anchor) this.move(id, anchor.id, by > 0);
  }

  /**
   * @param {string} id
   * @param {string} anchor
   * @param {boolean} after
   */
  async move(id, anchor, after) {
    try {
      const moved = await api.post(`jobs/${id}/move`, { [after ? "after" : "before"]: anchor });
      this.said.textContent = `Moved: ${moved.words}`;
    } catch (error) { failed(error); }
    pollNow();
  }

  /** @param {boolean} asked */
  confirm(asked) {
    find(this.root, ".sure").hidden = !asked;
    if (asked) find(this.root, "[data-do=keep]").focus();
  }

  async cancelAll() {
    this.confirm(false);
    try { for (const job of await api.post("jobs/cancel-waiting")) mergeJob(job); } catch (error) { failed(error); }
    this.root.focus();
    pollNow();
  }

  /** @param {string} id */
  async dismiss(id) {
    try {
      const job = await api.post(`jobs/${id}/dismiss`);
      this.ended.set(id, job);
      if (jobs.has(id)) mergeJob(job); else this.draw();
    } catch (error) { failed(error); }
  }

  async dismissAll() {
    try {
      await api.post("jobs/dismiss-failed");
      for (const job of this.lists.failed) this.ended.set(job.id, { ...job, dismissed: true });
      this.root.focus();
    } catch (error) { failed(error); }
    this.draw();
    pollNow();
  }
}
