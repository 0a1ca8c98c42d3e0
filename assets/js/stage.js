// The biggest thing on the page: what is being made, as it comes into being, then what was made.

import * as api from "./api.js";
import { buttons, cancel, handlers, retry, reveal } from "./actions.js";
import { on, say } from "./bus.js";
import { compare } from "./compare.js";
import { doing, fill, html, icon } from "./dom.js";
import { ended, jobs } from "./follow.js";
import { names } from "./library-story.js";
import { comparing, notes, result } from "./result.js";
import { Listening, aside } from "./speech.js";
import { toast } from "./toast.js";
import { capital, facts, kinds } from "./words.js";

const mediumOf = { image: "image", clip: "video", sound: "audio", subtitles: "audio" };
export const medium = (task) => (Object.hasOwn(window.C41.media, task) ? window.C41.media[task] : undefined);
export const mediumOfAsset = (asset) => mediumOf[asset.kind];

const empty = {
  image: ["image", "Say what it should show", "Or bring in a picture: change it, continue it, enlarge it, free its subject from the background. What you make is shown here, as large as it goes."],
  video: ["clip", "Say what happens", "Or bring in something: a picture that is to move, a clip to enlarge or to smooth. You see it here as soon as it is done."],
  audio: ["sound", "Write what should be said", "Pick a voice, press the button, and listen here. Long texts are read sentence by sentence; subtitles come with them."],
};

/** “frame 34 of 81, 1 min 20 s left” in two: how far, and how long. */
const split = (job) => {
  const at = job.state === "running" ? job.words.lastIndexOf(", ") : -1;
  return at < 0 ? [job.words, ""] : [job.words.slice(0, at), job.words.slice(at + 2)];
};

export class Stage {
  constructor({ element }) {
    this.medium = element.querySelector("[data-medium]").dataset.medium;
    this.root = element.querySelector(".stage");
    this.view = this.root.querySelector(".view");
    this.under = this.root.querySelector(".under");
    comparing(this.view);
    doing(this.root, {
      ...handlers(() => this.asset),
      stop: () => cancel(this.job.id),
      retry: () => retry(this.job.id),
      read: () => say("read"),
      compare: () => this.compare(),
      other: (button) => reveal(button.dataset.asset),
      away: () => { this.job = null; this.rest(); },
    });
    this.view.addEventListener("error", (event) => this.broken(event), true);
    on("jobs", () => this.follow());
    on("finished", (job) => this.finish(job));
    on("show", (what) => this.show(what));
    on("changed", ({ asset, gone }) => asset.id === this.asset?.id && (gone ? this.clear() : this.marked(asset)));
    on("project", () => this.job || this.clear());
    this.rest();
  }

  // -- what to show

  show({ asset, job }) {
    if (job && medium(job.task) === this.medium && !aside(job)) this.live(job);
    if (asset && mediumOfAsset(asset) === this.medium) this.hold(asset);
  }

  /** The newest thing this project made is offered once, when there is nothing else to show. */
  offer(asset) { if (!this.asset && !this.job) this.hold(asset); }

  clear() { this.asset = this.job = null; this.rest(); }

  rest() {
    if (this.asset) return void this.hold(this.asset);
    const [glyph, title, text] = empty[this.medium];
    this.state("empty");
    fill(this.view, html`<div class="teach">${icon(glyph)}<h2>${title}</h2><p>${text}</p>
      ${this.medium === "image" && html`<button type="button" class="again" data-do="read">Read how a picture was made …</button>`}</div>`);
    fill(this.under, "");
  }

  state(name) {
    this.root.dataset.state = name;
    if (name !== "result") this.listening?.leave();
  }

  // -- a job under way

  follow() {
    if (this.job) {
      const now = jobs.get(this.job.id);
      if (now && !ended(now)) this.update(now);
      else if (now && now.state !== this.job.state) this.finish(now);
      return;
    }
    const mine = [...jobs.values()].filter((job) => job.mine && !ended(job) && medium(job.task) === this.medium && !aside(job));
    const first = mine.find((job) => job.state !== "queued") ?? mine[0];
    if (first) this.live(first);
  }

  live(job) {
    if (ended(job)) return;
    this.job = job;
    this.state("live");
    const source = job.request?.image ?? job.request?.clip;
    fill(this.view, html`
      ${source && html`<img class="backdrop" src="${api.thumbOf(source)}" alt="">`}
      ${job.request?.text && html`<blockquote class="saying">${job.request.text}</blockquote>`}
      <img class="preview" alt="How it looks so far" hidden>
      <div class="now">
        <b class="said"></b>
        <span class="meter" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><i></i></span>
        <span class="left"></span>
        <button type="button" class="stop" data-do="stop">${icon("x")}Stop</button>
      </div>`);
    fill(this.under, "");
    this.update(job);
  }

  update(job) {
    if (this.root.dataset.state !== "live") return void this.live(job);
    const part = (name) => this.view.querySelector(name);
    const fraction = job.fraction ?? (job.total ? job.step / job.total : null);
    const meter = part(".meter");
    meter.classList.toggle("waiting", fraction === null);
    meter.firstElementChild.style.width = fraction === null ? "" : `${(100 * fraction).toFixed(1)}%`;
    if (fraction === null) meter.removeAttribute("aria-valuenow");
    else meter.setAttribute("aria-valuenow", Math.round(100 * fraction));
    const [said, left] = split(job);
    part(".said").textContent = capital(said);
    part(".left").textContent = left;
    part(".stop").hidden = !job.can_cancel;
    if (job.preview && job.preview !== this.job.preview) this.preview(job);
    this.job = job;
  }

  /** The next preview takes the old one's place only when it is there: nothing flickers. */
  preview(job) {
    const next = new Image();
    next.onload = () => {
      const shown = this.view.querySelector(".preview");
      if (this.job?.id === job.id && shown) { shown.src = next.src; shown.hidden = false; }
    };
    next.src = api.previewOf(job);
  }

  async finish(job) {
    if (job.id !== this.job?.id) return;
    this.job = job;
    if (job.state === "failed") return void this.fail(job);
    if (job.state === "done" && job.assets.length) {
      try {
        const made = await api.asset(job.assets[0]);
        say("changed", { asset: made });
        if (this.job?.id === job.id) this.hold(made, job);
        return;
      } catch { /* deleted meanwhile: back to rest */ }
    }
    this.job = null;
    this.rest();
  }

  fail(job) {
    const problem = job.error ?? { what: "It did not work." };
    this.state("failed");
    fill(this.view, html`<div class="failure" role="alert"><h2>${problem.what}</h2>
      ${problem.why && html`<p>${problem.why}</p>`}${problem.next && html`<p class="next">${problem.next}</p>`}
      <div class="steps">
        ${job.can_retry && html`<button type="button" class="step first" data-do="retry">${icon("again")}Try again</button>`}
        <button type="button" class="step" data-do="away">Put it away</button>
      </div></div>`);
    fill(this.under, "");
  }

  // -- a finished thing

  async hold(asset, job) {
    this.asset = asset;
    this.job = null;
    this.made = job?.assets ?? (this.made?.includes(asset.id) ? this.made : [asset.id]); // what came of one request
    this.state("result");
    this.draw(asset, null, job);
    say("shown", asset);
    if (asset.kind === "sound") return void this.captions(asset);
    const parent = asset.kind === "image" ? asset.parents[0] : null;
    if (!parent) return;
    const before = await api.asset(parent).catch(() => null);
    if (before && this.asset === asset && this.root.dataset.state === "result") this.draw(asset, before, job);
  }

  draw(asset, before, job) {
    this.listening?.leave();
    if (asset.kind === "sound") (this.listening ??= new Listening(this.view, (...made) => this.hold(...made))).show(asset);
    else fill(this.view, result(asset, before));
    fill(this.under, html`<p class="caption"><b>${asset.title}</b><span>${facts(asset)}</span>
      ${job?.words && html`<span class="told">${job.words}</span>`}
      <span class="captions"></span></p>${notes(asset)}
      ${buttons(asset)}${["image", "clip"].includes(asset.kind) && this.made.length > 1 && html`<div class="others" role="group" aria-label="All that came of it">
        ${this.made.map((id, i) => html`<button type="button" data-do="other" data-asset="${id}" aria-label="${capital(kinds[asset.kind])} ${i + 1}" aria-pressed="${String(id === asset.id)}"><img src="${api.thumbOf(id)}" alt=""></button>`)}</div>`}`);
  }

  /** A voice-over's subtitles came of the same job. */
  async captions(asset) {
    const { assets } = asset.job_id ? await api.assets({ job_id: asset.job_id, kind: "subtitles" }).catch(() => ({ assets: [] })) : { assets: [] };
    const place = this.under.querySelector(".captions");
    if (this.asset === asset && place) fill(place, html`${assets.map((one) => html`<a href="${api.fileOf(one.id)}?download=1" download>${icon("subtitles")}Subtitles</a>`)}`);
  }

  /** The picture beside what it was made from, as large as the window. */
  async compare() {
    const { asset } = this, before = await api.asset(asset.parents[0]).catch(() => null);
    if (!before) return toast("What it was made from is not there any more.");
    if (!this.versus) this.root.append(this.versus = Object.assign(document.createElement("dialog"), { className: "comparing", ariaLabel: "Compare" }));
    compare(this.versus, [before, asset], names);
  }

  /** It became a favourite, or no longer is one. */
  marked(asset) {
    if (asset.favourite === undefined) return;
    this.asset = { ...this.asset, favourite: asset.favourite };
    this.under.querySelector("[data-do=keep]")?.setAttribute("aria-pressed", String(asset.favourite));
  }

  broken(event) {
    if (event.target.matches?.(".backdrop, .wave, .before img")) event.target.hidden = true;
  }

  /** On a phone the stage comes into view when its button is pressed. */
  approach() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (matchMedia("(max-width: 760px)").matches) scrollTo({ top: 0, behavior: calm ? "auto" : "smooth" });
  }
}
