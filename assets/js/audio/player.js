// A sound on the stage: its waveform, its sentences, the result of a word check, and new takes of each sentence.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { dataOf, fieldOf, find, findAll, findField, html, onAction, query, render, renderChanged, targetOf } from "../core/dom.js";
import { keepFocus } from "../core/focus.js";
import { capitalize } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isEnded, jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { failed, toast } from "../core/toast.js";
import { viewButton } from "../stage/result.js";
import { checkSummary, sentenceList, sentenceTools } from "./transcript.js";
import { Waveform } from "./waveform.js";

/**
 * @import { AssetView, JobView } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 * @import { Check, Sentence } from "./transcript.js"
 */

const own = new Set(); // jobs this part follows itself, while the stage keeps showing the sound
const STEP = 2; // seconds per arrow key

/**
 * Whether a job is followed here, next to the sound it belongs to.
 * @param {JobView} job
 */
export const isFollowedHere = (job) => job.task === "check_speech" || own.has(job.id);

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {AssetView} asset */
const isSpeech = (asset) => asset.provenance?.request?.task === "speak";

export class SpeechPlayer {
  /** @type {AssetView | null} */
  asset;
  /** @type {HTMLAudioElement | null} */
  audio;
  /** @type {Waveform | null} */
  wave;
  /** @type {Sentence[]} */
  sentences;
  /** @type {Check | null} */
  found;
  /** @type {number | null} */
  chosen;
  /** @type {Values} */
  overrides;
  /** @type {{ sentence: number | null, checked: boolean, words: string, job?: string } | null} */
  busy;
  /** @type {{ asset: string, sentence: number | null, play: boolean, check: boolean } | null} */
  next;
  /** @type {string | null} */
  checking;
  /** @type {{ value: string, label: string }[] | undefined} */
  voices;
  /** @type {number | null} */
  until;
  /** @type {number} */
  now;

  /**
   * ``hold`` shows another asset on the stage.
   * @param {HTMLElement} view
   * @param {(asset: AssetView, job: JobView) => void} hold
   */
  constructor(view, hold) {
    this.view = view;
    this.showOnStage = hold;
    this.overrides = {};
    onAction(view, {
      play: () => this.toggle(),
      line: (target) => this.choose(Number(dataOf(target).n)),
      again: () => this.again(),
      take: (target) => this.take(Number(dataOf(target).take)),
      check: () => this.check(),
      pronounce: (target) => emit("pronounce", dataOf(target).word),
    });
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("input", (event) => {
      if (targetOf(event).matches(".otherwise *")) this.overrides[fieldOf(event).name] = fieldOf(event).value;
    });
    on("jobs", () => this.follow());
    on("finished", (job) => this.finished(job));
  }

  // -- showing and removing a sound

  /** @param {AssetView} asset */
  async show(asset) {
    const next = this.next?.asset === asset.id ? this.next : null;
    this.leave();
    this.asset = asset;
    this.sentences = asset.provenance?.speech?.sentences ?? [];
    this.found = null;
    this.chosen = next?.sentence ?? null;
    this.overrides = {};
    this.busy = null;
    this.next = null;
    render(this.view, html`<div class="sounding">
      <div class="shape"><canvas aria-hidden="true"></canvas>
        <input type="range" min="0" max="${asset.seconds}" step="0.01" value="0" aria-label="Position in the sound"></div>
      <div class="player"><button type="button" class="play" data-do="play" aria-label="Play">${icon("play")}</button>
        <span class="time"></span><span class="said" role="status"></span>${viewButton}</div>
      <audio preload="metadata" src="${api.fileOf(asset.id)}" aria-label="${asset.title}"></audio>
      <blockquote></blockquote><ul class="notes"></ul></div>`);
    this.audio = find(this.view, "audio", HTMLAudioElement);
    this.wave = new Waveform(find(this.view, "canvas", HTMLCanvasElement), find(this.view, ".shape input", HTMLInputElement), (at) => this.seek(at));
    this.wave.set([], asset.seconds || 1);
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.playing());
    this.audio.addEventListener("timeupdate", () => this.tick());
    this.audio.addEventListener("seeked", () => this.tick());
    this.draw();
    this.tick();
    this.follow();
    if (next?.play) this.play(this.chosen);
    api.get(`assets/${asset.id}/shape`).then((shape) => this.asset === asset && this.wave?.set(shape.peaks, asset.seconds || shape.seconds)).catch(() => {});
    if (!isSpeech(asset)) return;
    await this.look();
    if (next?.check && !this.found) this.check();
  }

  leave() {
    this.wave?.leave();
    this.audio?.pause();
    this.audio = this.wave = this.asset = null;
  }

  /** Load the result of the newest check. */
  async look() {
    const { asset } = this;
    if (!asset) return;
    const found = /** @type {Check | null} */ (await api.get(`assets/${asset.id}/check`).catch(() => null));
    if (this.asset !== asset) return;
    this.found = found;
    this.draw();
  }

  draw() {
    const { asset } = this;
    if (!asset) return;
    const request = asset.provenance?.request;
    const text = this.sentences.length
      ? sentenceList(this.sentences, (voice) => this.voiceName(voice), this.found, this.chosen, (n) => sentenceTools({ asset, line: this.line(n), nameOf: (voice) => this.voiceName(voice), found: this.found, busy: this.busy, kept: this.overrides, voices: this.voices }))
      : html`<p>${request?.text ?? asset.title}</p>`;
    const lines = find(this.view, "blockquote");
    keepFocus(lines, () => renderChanged(lines, text));
    renderChanged(find(this.view, ".said"), checkSummary(asset, this.found, this.checking));
    renderChanged(find(this.view, ".notes"), html`${(asset.provenance?.speech?.notes ?? []).map((/** @type {string} */ note) => html`<li>${note}</li>`)}`);
    const wrong = new Set((this.found?.sentences ?? []).map((one) => one.at));
    this.wave?.mark(this.chosen === null ? null : this.line(this.chosen), this.sentences.filter((line) => wrong.has(line.number)));
    this.now = -1;
    this.tick();
  }

  /** @param {number} number */
  line(number) { return /** @type {Sentence} */ (this.sentences.find((line) => line.number === number)); }

  // -- playback

  toggle() { if (this.audio?.paused) this.play(); else this.audio?.pause(); }

  /**
   * Resume playing, or play one sentence alone.
   * @param {number | null} [number]
   */
  play(number = null) {
    if (!this.audio) return;
    const line = number === null ? null : this.line(number);
    this.until = line ? line.end + 0.05 : null;
    if (line) this.audio.currentTime = line.start;
    this.audio.play().catch(() => {}); // a browser may require a click first
  }

  playing() {
    if (!this.audio) return;
    const button = find(this.view, ".play", HTMLButtonElement);
    const running = !this.audio.paused && !this.audio.ended;
    renderChanged(button, icon(running ? "pause" : "play"));
    button.setAttribute("aria-label", running ? "Pause" : "Play");
    if (running) requestAnimationFrame(() => this.frame());
  }

  frame() {
    if (!this.audio || this.audio.paused) return;
    this.tick();
    requestAnimationFrame(() => this.frame());
  }

  tick() {
    if (!this.audio || !this.asset) return;
    const at = this.audio.currentTime;
    if (this.until !== null && this.until !== undefined && at >= this.until) { this.until = null; this.audio.pause(); }
    this.wave?.move(at);
    find(this.view, ".time").textContent = `${clock(at)} / ${clock(this.asset.seconds || this.audio.duration || 0)}`;
    const now = this.sentences.findLast((line) => line.start <= at + 0.02 && at < line.end + 0.3)?.number ?? -1;
    if (now === this.now) return;
    this.now = now;
    for (const item of findAll(this.view, ".line")) item.classList.toggle("heard-now", Number(dataOf(item).n) === now);
    const item = query(this.view, ".line.heard-now"), box = find(this.view, "blockquote");
    if (!item || this.audio.paused) return;
    const off = item.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (off < 0 || off > box.clientHeight - item.offsetHeight) box.scrollTop += off - box.clientHeight / 3;
  }

  /** @param {number} at */
  seek(at) {
    if (!this.audio || !this.asset) return;
    this.until = null;
    this.audio.currentTime = Math.min(Math.max(0, at), this.asset.seconds || Infinity);
    this.tick();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.audio || event.altKey || event.ctrlKey || event.metaKey || targetOf(event).matches("select, .otherwise input, .otherwise textarea")) return;
    const { audio } = this, wave = targetOf(event).matches(".shape input");
    /** @type {Record<string, false | (() => void)>} */
    const acts = {
      ArrowLeft: () => this.seek(audio.currentTime - STEP),
      ArrowRight: () => this.seek(audio.currentTime + STEP),
      ArrowUp: () => this.neighbor(-1),
      ArrowDown: () => this.neighbor(1),
      Home: wave && (() => this.seek(0)),
      End: wave && (() => this.seek(this.asset?.seconds ?? 0)),
      " ": !targetOf(event).matches("button, summary") && (() => this.toggle()),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /**
   * Move to the previous or next sentence.
   * @param {number} step
   */
  neighbor(step) {
    const at = this.sentences.findIndex((line) => line.number === (this.chosen ?? this.now));
    const line = this.sentences[Math.min(this.sentences.length - 1, Math.max(0, at + step))];
    if (!line) return;
    const inText = document.activeElement?.matches?.(".line");
    this.choose(line.number, true);
    if (inText) query(this.view, `.line[data-n="${line.number}"]`)?.focus();
  }

  // -- takes of a sentence

  /** @param {number} number */
  async choose(number, stay = false) {
    const again = this.chosen === number && !stay;
    this.chosen = again ? null : number;
    this.overrides = {};
    if (!again) this.seek(this.line(number).start);
    this.draw();
    if (!document.activeElement?.matches(".shape input")) query(this.view, `.line[data-n="${number}"]`)?.focus({ preventScroll: true });
    if (again || this.voices || !this.asset || !isSpeech(this.asset)) return;
    await this.loadVoices();
    this.draw();
  }

  async loadVoices() {
    const schema = await api.get(`schema/${this.asset?.provenance?.request.task}`).catch(() => null);
    this.voices = schema?.properties.voice.choices ?? [];
  }

  /** @param {string | undefined} voice */
  voiceName(voice) { return this.voices?.find((one) => one.value === voice)?.label ?? capitalize(voice ?? ""); }

  again() {
    if (this.chosen === null) return;
    const { voice, speed } = this.overrides;
    const words = findField(this.view, ".otherwise [name=say]").value.trim();
    const differs = words && words !== this.line(this.chosen).text;
    const pace = this.asset?.provenance?.request.speed;
    this.retake({
      ...(voice ? { voice } : {}),
      ...(speed ? { speed: Math.min(2, Math.max(0.5, Number((pace * speed).toFixed(3)))) } : {}),
      ...(differs ? { say: words } : {}),
    });
  }

  /** @param {number} number */
  take(number) { this.retake({ take: number }); }

  /** @param {Values} different */
  async retake(different) {
    if (this.busy || !this.asset) return;
    this.busy = { sentence: this.chosen, checked: Boolean(this.found), words: "" };
    this.draw();
    try {
      const job = await api.post(`assets/${this.asset.id}/retake`, { sentence: this.chosen, ...different });
      own.add(job.id);
      if (this.busy) this.busy.job = job.id;
      if (isEnded(job)) return void this.finished(job);
      mergeJob(job);
      pollNow();
    } catch (error) { this.busy = null; this.draw(); failed(error); }
  }

  async check() {
    if (this.checking || !this.asset) return;
    try {
      const job = await api.post(`assets/${this.asset.id}/check`);
      mergeJob(job);
      pollNow();
    } catch (error) { failed(error); }
  }

  // -- progress from the queue

  follow() {
    if (!this.asset) return;
    const mine = [...jobs.values()].filter((job) => job.mine && !isEnded(job));
    const checking = mine.find((job) => job.task === "check_speech" && job.request?.sound === this.asset?.id);
    const words = checking?.words ?? null;
    const saying = this.busy?.job && jobs.get(this.busy.job)?.words;
    if (words === (this.checking ?? null) && (!this.busy || saying === this.busy.words)) return;
    this.checking = words;
    if (this.busy && saying) this.busy.words = saying;
    this.draw();
  }

  /** @param {JobView} job */
  async finished(job) {
    if (job.task === "check_speech" && job.request?.sound === this.asset?.id) {
      this.checking = null;
      if (job.state === "failed") toast(job.error?.what ?? "", { bad: true });
      return void this.look();
    }
    if (!this.busy || this.busy.job !== job.id) return;
    const { sentence, checked } = this.busy;
    this.busy = null;
    if (job.state !== "done") {
      this.draw();
      if (job.state === "failed") toast([job.error?.what, job.error?.why].filter(Boolean).join(" "), { bad: true });
      return;
    }
    try {
      const made = await api.asset(job.assets[0]);
      this.next = { asset: made.id, sentence, play: true, check: checked };
      emit("changed", { asset: made });
      this.showOnStage(made, job);
    } catch (error) { failed(error); this.draw(); }
  }
}
