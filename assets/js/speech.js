// A sound on the stage: its shape, its sentences, what a check of the words found, and each sentence said again.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { ended, jobs, kick, note } from "./follow.js";
import { lines, summary, tools } from "./speech-text.js";
import { failed, toast } from "./toast.js";
import { Wave } from "./wave.js";

const own = new Set(); // jobs this part follows by itself: the stage goes on showing the sound
const STEP = 2; // seconds an arrow key goes

/** Whether a job is followed here, beside the sound it is about. */
export const aside = (job) => job.task === "check_speech" || own.has(job.id);

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const spoken = (asset) => asset.provenance?.request?.task === "speak";

export class Listening {
  /** ``hold`` puts another asset on the stage. */
  constructor(view, hold) {
    this.view = view;
    this.hold = hold;
    this.kept = {};
    doing(view, {
      play: () => this.toggle(),
      line: (target) => this.choose(Number(target.dataset.n)),
      again: () => this.again(),
      take: (target) => this.take(Number(target.dataset.take)),
      check: () => this.check(),
      pronounce: (target) => say("pronounce", target.dataset.word),
    });
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("input", (event) => {
      if (event.target.matches(".otherwise *")) this.kept[event.target.name] = event.target.value;
    });
    on("jobs", () => this.follow());
    on("finished", (job) => this.finished(job));
  }

  // -- a sound comes and goes

  async show(asset, job) {
    const next = this.next?.asset === asset.id ? this.next : {};
    this.leave();
    Object.assign(this, { asset, plan: asset.provenance?.speech?.sentences ?? [], found: null, chosen: next.sentence ?? null, kept: {}, busy: null, next: null });
    fill(this.view, html`<div class="sounding">
      <div class="shape"><canvas aria-hidden="true"></canvas>
        <input type="range" min="0" max="${asset.seconds}" step="0.01" value="0" aria-label="Place in the sound"></div>
      <div class="player"><button type="button" class="play" data-do="play" aria-label="Play">${icon("play")}</button>
        <span class="time"></span><span class="said" role="status"></span></div>
      <audio preload="metadata" src="${api.fileOf(asset.id)}" aria-label="${asset.title}"></audio>
      <blockquote></blockquote><ul class="notes"></ul></div>`);
    const part = (name) => this.view.querySelector(name);
    this.audio = part("audio");
    this.wave = new Wave(part("canvas"), part(".shape input"), (at) => this.seek(at));
    this.wave.set([], asset.seconds || 1);
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.playing());
    this.audio.addEventListener("timeupdate", () => this.tick());
    this.audio.addEventListener("seeked", () => this.tick());
    this.draw();
    this.tick();
    this.follow();
    if (next.play) this.play(this.chosen);
    api.get(`assets/${asset.id}/shape`).then((shape) => this.asset === asset && this.wave.set(shape.peaks, asset.seconds || shape.seconds)).catch(() => {});
    if (!spoken(asset)) return;
    await this.look();
    if (next.check && !this.found) this.check();
  }

  leave() {
    this.wave?.leave();
    this.audio?.pause();
    this.audio = this.wave = this.asset = null;
  }

  /** What the newest check found. */
  async look() {
    const asset = this.asset;
    const found = await api.get(`assets/${asset.id}/check`).catch(() => null);
    if (this.asset !== asset) return;
    this.found = found;
    this.draw();
  }

  draw() {
    if (!this.asset) return;
    const request = this.asset.provenance?.request;
    const text = this.plan.length
      ? lines(this.plan, this.found, this.chosen, (n) => tools({ asset: this.asset, line: this.line(n), found: this.found, busy: this.busy, kept: this.kept, voices: this.voices }))
      : html`<p>${request?.text ?? this.asset.title}</p>`;
    const field = document.activeElement?.closest?.(".otherwise") && document.activeElement.name;
    refill(this.view.querySelector("blockquote"), text);
    if (field) this.view.querySelector(`.otherwise [name=${field}]`)?.focus();
    refill(this.view.querySelector(".said"), summary(this.asset, this.found, this.checking));
    refill(this.view.querySelector(".notes"), html`${(this.asset.provenance?.speech?.notes ?? []).map((text) => html`<li>${text}</li>`)}`);
    const wrong = new Set((this.found?.sentences ?? []).map((one) => one.at));
    this.wave.mark(this.chosen === null ? null : this.line(this.chosen), this.plan.filter((line) => wrong.has(line.number)));
    this.now = -1;
    this.tick();
  }

  line(number) { return this.plan.find((line) => line.number === number); }

  // -- hearing it

  toggle() { if (this.audio.paused) this.play(); else this.audio.pause(); }

  /** Play on, or one sentence alone. */
  play(number = null) {
    const line = number === null ? null : this.line(number);
    this.until = line ? line.end + 0.05 : null;
    if (line) this.audio.currentTime = line.start;
    this.audio.play().catch(() => {}); // a browser may want a press first
  }

  playing() {
    if (!this.audio) return;
    const button = this.view.querySelector(".play");
    const running = !this.audio.paused && !this.audio.ended;
    refill(button, icon(running ? "pause" : "play"));
    button.setAttribute("aria-label", running ? "Pause" : "Play");
    if (running) requestAnimationFrame(() => this.frame());
  }

  frame() {
    if (!this.audio || this.audio.paused) return;
    this.tick();
    requestAnimationFrame(() => this.frame());
  }

  tick() {
    if (!this.audio) return;
    const at = this.audio.currentTime;
    if (this.until !== null && this.until !== undefined && at >= this.until) { this.until = null; this.audio.pause(); }
    this.wave.move(at);
    this.view.querySelector(".time").textContent = `${clock(at)} / ${clock(this.asset.seconds || this.audio.duration || 0)}`;
    const now = this.plan.findLast((line) => line.start <= at + 0.02 && at < line.end + 0.3)?.number ?? -1;
    if (now === this.now) return;
    this.now = now;
    for (const item of this.view.querySelectorAll(".line")) item.classList.toggle("heard-now", Number(item.dataset.n) === now);
    const item = this.view.querySelector(".line.heard-now"), box = this.view.querySelector("blockquote");
    if (!item || this.audio.paused) return;
    const off = item.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (off < 0 || off > box.clientHeight - item.offsetHeight) box.scrollTop += off - box.clientHeight / 3;
  }

  seek(at) {
    this.until = null;
    this.audio.currentTime = Math.min(Math.max(0, at), this.asset.seconds || Infinity);
    this.tick();
  }

  key(event) {
    if (!this.audio || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select, .otherwise input, .otherwise textarea")) return;
    const wave = event.target.matches(".shape input");
    const act = {
      ArrowLeft: () => this.seek(this.audio.currentTime - STEP),
      ArrowRight: () => this.seek(this.audio.currentTime + STEP),
      ArrowUp: () => this.neighbour(-1),
      ArrowDown: () => this.neighbour(1),
      Home: wave && (() => this.seek(0)),
      End: wave && (() => this.seek(this.asset.seconds)),
      " ": !event.target.matches("button, summary") && (() => this.toggle()),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** The sentence before or after, by arrow key. */
  neighbour(step) {
    const at = this.plan.findIndex((line) => line.number === (this.chosen ?? this.now));
    const line = this.plan[Math.min(this.plan.length - 1, Math.max(0, at + step))];
    if (!line) return;
    const inText = document.activeElement?.matches?.(".line");
    this.choose(line.number, true);
    if (inText) this.view.querySelector(`.line[data-n="${line.number}"]`)?.focus();
  }

  // -- a sentence, said again

  async choose(number, stay = false) {
    const again = this.chosen === number && !stay;
    this.chosen = again ? null : number;
    this.kept = {};
    if (!again) this.seek(this.line(number).start);
    this.draw();
    if (!document.activeElement?.matches(".shape input")) this.view.querySelector(`.line[data-n="${number}"]`)?.focus({ preventScroll: true });
    if (again || this.voices || !spoken(this.asset)) return;
    const schema = await api.get("schema/speak").catch(() => null);
    this.voices = schema?.properties.voice.choices ?? [];
    this.draw();
  }

  again() {
    const { voice, speed } = this.kept;
    const words = this.view.querySelector(".otherwise [name=say]").value.trim();
    const differs = words && words !== this.line(this.chosen).text;
    const pace = this.asset.provenance.request.speed;
    this.retake({
      ...(voice ? { voice } : {}),
      ...(speed ? { speed: Math.min(2, Math.max(0.5, Number((pace * speed).toFixed(3)))) } : {}),
      ...(differs ? { say: words } : {}),
    });
  }

  take(number) { this.retake({ take: number }); }

  async retake(different) {
    if (this.busy) return;
    this.busy = { sentence: this.chosen, checked: Boolean(this.found), words: "" };
    this.draw();
    try {
      const job = await api.post(`assets/${this.asset.id}/retake`, { sentence: this.chosen, ...different });
      own.add(job.id);
      if (this.busy) this.busy.job = job.id;
      if (ended(job)) return void this.finished(job);
      note(job);
      kick();
    } catch (error) { this.busy = null; this.draw(); failed(error); }
  }

  async check() {
    if (this.checking || !this.asset) return;
    try {
      const job = await api.post(`assets/${this.asset.id}/check`);
      note(job);
      kick();
    } catch (error) { failed(error); }
  }

  // -- what the queue says of it

  follow() {
    if (!this.asset) return;
    const mine = [...jobs.values()].filter((job) => job.mine && !ended(job));
    const checking = mine.find((job) => job.task === "check_speech" && job.request?.sound === this.asset.id);
    const words = checking?.words ?? null;
    const saying = this.busy?.job && jobs.get(this.busy.job)?.words;
    if (words === (this.checking ?? null) && (!this.busy || saying === this.busy.words)) return;
    this.checking = words;
    if (this.busy && saying) this.busy.words = saying;
    this.draw();
  }

  async finished(job) {
    if (job.task === "check_speech" && job.request?.sound === this.asset?.id) {
      this.checking = null;
      if (job.state === "failed") toast(job.error.what, { bad: true });
      return void this.look();
    }
    if (!this.busy || this.busy.job !== job.id) return;
    const { sentence, checked } = this.busy;
    this.busy = null;
    if (job.state !== "done") {
      this.draw();
      if (job.state === "failed") toast([job.error.what, job.error.why].filter(Boolean).join(" "), { bad: true });
      return;
    }
    try {
      const made = await api.asset(job.assets[0]);
      this.next = { asset: made.id, sentence, play: true, check: checked };
      say("changed", { asset: made });
      this.hold(made, job);
    } catch (error) { failed(error); this.draw(); }
  }
}
