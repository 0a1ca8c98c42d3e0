// The queue at the foot of the page: everybody's jobs, in words a person would use. On a phone it is a sheet.

import { cancel, rest, retry, reveal } from "./actions.js";
import { on } from "./bus.js";
import { doing, html, icon, refill } from "./dom.js";
import { open } from "./doors.js";
import { ended, jobs } from "./follow.js";
import { opened } from "./layers.js";
import { medium } from "./stage.js";
import { toast } from "./toast.js";
import { capital } from "./words.js";

const LINGER = 20; // seconds a finished job stays in the tray
const PUT_AWAY = "c41-put-away";
const plain = document.title;

const order = { running: 0, saving: 0, loading: 0, paused: 1, interrupted: 1, queued: 2, failed: 3, done: 4 };

export class Tray {
  constructor({ element }) {
    this.root = element.querySelector(".tray");
    this.list = this.root.querySelector(".jobs");
    this.said = this.root.querySelector(".said");
    this.away = new Set(JSON.parse(localStorage.getItem(PUT_AWAY) ?? "[]"));
    this.fresh = new Set();
    this.lines = new Map();
    doing(this.root, {
      cancel: (target) => cancel(target.closest("[data-job]").dataset.job),
      retry: (target) => { this.put(target); retry(target.closest("[data-job]").dataset.job); },
      away: (target) => this.put(target),
      pause: (target) => rest(target.closest("[data-job]").dataset.job, "pause"),
      resume: (target) => rest(target.closest("[data-job]").dataset.job, "resume"),
      show: (target) => { this.show(this.job(target)); this.close(); },
      close: () => this.close(),
    });
    on("jobs", () => this.draw());
    on("finished", (job) => this.tell(job));
    on("online", (online) => { this.root.classList.toggle("lost", !online); this.draw(); });
    on("queue", () => this.toggle());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = plain; });
    this.draw();
  }

  job(target) { return jobs.get(target.closest("[data-job]").dataset.job); }

  put(target) {
    this.away.add(target.closest("[data-job]").dataset.job);
    localStorage.setItem(PUT_AWAY, JSON.stringify([...this.away].slice(-50)));
    this.draw();
  }

  /** Bring up what a job made: its file, or the room it worked for. */
  show(job) { if (job.assets.length) reveal(job.assets[0]); else open(medium(job.task)); }

  toggle() {
    if (this.root.classList.contains("open")) return this.close();
    this.root.classList.add("open");
    this.closed = opened(() => this.close());
  }

  close() {
    this.root.classList.remove("open");
    this.closed?.();
  }

  // -- what is in the tray

  shown() {
    const now = Date.now() / 1000;
    return [...jobs.values()].filter((job) => {
      if (!ended(job)) return true;
      if (job.task === "write") return false; // its conversation shows how it ended
      if (!job.mine || this.away.has(job.id) || job.state === "cancelled") return false;
      if (job.state === "failed") return now - job.finished_at < 86_400;
      return this.fresh.has(job.id);
    }).sort((a, b) => (order[a.state] - order[b.state]) || ((a.place ?? 0) - (b.place ?? 0)) || (a.created_at - b.created_at));
  }

  draw() {
    const shown = this.shown();
    const waiting = shown.filter((job) => !ended(job)).length;
    const doors = document.querySelector(".doors .count");
    if (doors) doors.textContent = waiting ? ` · ${waiting}` : "";
    const lines = shown.length ? shown.map((job) => this.line(job)) : [this.calm()];
    for (const old of [...this.list.children]) if (!lines.includes(old)) old.remove();
    lines.forEach((line, i) => { if (this.list.children[i] !== line) this.list.insertBefore(line, this.list.children[i] ?? null); });
    for (const id of this.lines.keys()) if (!shown.some((job) => job.id === id)) this.lines.delete(id);
  }

  calm() {
    this.rest ??= Object.assign(document.createElement("li"), { className: "calm" });
    this.rest.textContent = this.root.classList.contains("lost") ? "Reconnecting to the studio …" : "Nothing is waiting. The machine is yours.";
    return this.rest;
  }

  /** The line of a job. It is built anew only when its buttons change, so that focus and motion go on. */
  line(job) {
    if (!this.lines.has(job.id)) this.lines.set(job.id, document.createElement("li"));
    const line = this.lines.get(job.id);
    const fraction = job.fraction ?? (job.total ? job.step / job.total : null);
    line.className = `chip ${job.state}`;
    line.dataset.job = job.id;
    refill(line, this.chip(job));
    if (ended(job)) return line;
    line.querySelector(".words").textContent = job.words;
    const meter = line.querySelector(".meter");
    meter?.classList.toggle("waiting", fraction === null);
    if (meter) meter.firstElementChild.style.width = fraction === null ? "" : `${Math.round(100 * fraction)}%`;
    return line;
  }

  chip(job) {
    const name = html`<b>${job.mine ? "You" : job.owner} · ${job.noun}</b>`;
    if (job.state === "failed") return this.broken(job, name);
    if (job.state === "done") {
      return html`${icon("check")}${name}<span class="words">${job.title}</span>
        <button type="button" class="act" data-do="show">Show</button>`;
    }
    return html`${name}<span class="words"></span>${job.state !== "queued" && html`<span class="meter"><i></i></span>`}
      ${job.can_pause && job.state !== "queued" && html`<button type="button" class="x" data-do="pause" aria-label="Pause ${job.title}" title="Pause">${icon("pause")}</button>`}
      ${job.can_resume && html`<button type="button" class="act" data-do="resume">Go on</button>`}
      ${job.can_cancel && html`<button type="button" class="x" data-do="cancel" aria-label="Cancel ${job.title}" title="Cancel">${icon("x")}</button>`}`;
  }

  broken(job, name) {
    const problem = job.error ?? { what: "It did not work." };
    return html`${name}<span class="words" title="${[problem.what, problem.why, problem.next].filter(Boolean).join(" ")}">${problem.what}</span>
      ${job.can_retry && html`<button type="button" class="act" data-do="retry">Try again</button>`}
      <button type="button" class="x" data-do="away" aria-label="Put away" title="Put away">${icon("x")}</button>`;
  }

  // -- telling

  tell(job) {
    if (job.state === "cancelled" || job.task === "write") return;
    const done = job.state === "done";
    const text = done ? `${capital(job.noun)} is done.` : (job.error?.what ?? "It did not work.");
    this.said.textContent = text;
    if (done) {
      this.fresh.add(job.id);
      setTimeout(() => { this.fresh.delete(job.id); this.draw(); }, LINGER * 1000);
      this.draw();
    }
    if (document.hidden) this.outside(done, text, job);
    else if (document.body.dataset.tab !== medium(job.task)) {
      toast(text, { bad: !done, act: done ? { label: "Show", run: () => this.show(job) } : undefined });
    }
  }

  outside(done, text, job) {
    document.title = `(${done ? "✓" : "!"}) ${plain}`;
    if ("Notification" in window && Notification.permission === "granted") {
      const card = new Notification(text, { body: job.title, tag: job.id });
      card.onclick = () => { window.focus(); card.close(); };
    }
  }
}
