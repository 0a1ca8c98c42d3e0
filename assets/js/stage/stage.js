// The stage, the largest part of the page: the running job with its preview, then the result.

import { isFollowedHere, SpeechPlayer } from "../audio/player.js";
import * as api from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { emit, on } from "../core/bus.js";
import { dataOf, find, html, onAction, query, render, targetOf } from "../core/dom.js";
import { capitalize, describeMedia, kindNames } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isEnded, jobs } from "../core/job-poller.js";
import { medium, mediumOfAsset } from "../core/media.js";
import { addMenu } from "../core/menu.js";
import { scrollBehavior } from "../core/motion.js";
import { project } from "../core/project.js";
import { reproductionBadge } from "../core/reproduction.js";
import { isActive } from "../queue/job-lists.js";
import { openTakes } from "../viewer/takes.js";
import { openViewer } from "../viewer/viewer.js";
import { actionHandlers, cancelJob, moreActions, resultButtons, retryJob, showAsset } from "./asset-actions.js";
import { followedJob } from "./followed-job.js";
import { followResult, notesList, resultView } from "./result.js";

/**
 * @import { AssetView, JobView } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { Part } from "../types/page.js"
 */

/** @type {Record<string, [icon: string, title: string, text: string]>} */
const empty = {
  image: ["image", "Describe a picture to begin", "Or add a picture to edit it, extend it, enlarge it or remove its background. Your results appear here."],
  video: ["clip", "Describe a shot to begin", "Or add a picture to animate, a clip to enlarge, cut, grade or deliver. Your results appear here."],
  audio: ["sound", "Type what the voice should say", "Pick a voice, press the button and listen here. Long texts are read sentence by sentence, with subtitles."],
};

/**
 * Split “frame 34 of 81, 1 min 20 s left” into progress and time left.
 * @param {JobView} job
 */
const split = (job) => {
  const at = job.state === "running" ? job.words.lastIndexOf(", ") : -1;
  return at < 0 ? [job.words, ""] : [job.words.slice(0, at), job.words.slice(at + 2)];
};

export class Stage {
  /** @type {AssetView | null} */
  asset;
  /** @type {JobView | null} */
  job;
  /** @type {string[]} */
  made;
  /** @type {SpeechPlayer | undefined} */
  speech;
  /** Whether the person looks at a result they chose: running jobs do not replace it. */
  chosen = false;
  /** The ids of the filmstrip, to walk through in the viewer. @type {string[]} */
  film = [];
  /** The project whose results it shows; undefined while the page does not know. @type {string | null | undefined} */
  project = project.loaded ? project.id : undefined;

  /** @param {Part} part */
  constructor({ element }) {
    this.medium = dataOf(find(element, "[data-medium]")).medium;
    this.root = find(element, ".stage");
    this.view = find(this.root, ".view");
    this.under = find(this.root, ".under");
    followResult(this.view);
    this.more = `more-${this.medium}`;
    addMenu(this.root, this.more, "More actions", () => moreActions(/** @type {AssetView} */ (this.asset)));
    /** @type {Record<string, (target: HTMLButtonElement) => unknown>} */
    this.actions = {
      ...actionHandlers(() => /** @type {AssetView} */ (this.asset)), // its buttons exist only with an asset
      cancel: () => this.job && cancelJob(this.job.id),
      retry: () => this.job && retryJob(this.job.id),
      read: () => emit("importSettings"),
      compare: () => this.enlarge(true),
      view: () => this.enlarge(),
      takes: () => openTakes(this.made, (id) => { this.made = [id]; showAsset(id); }),
      other: (button) => showAsset(dataOf(button).asset),
      away: () => { this.job = null; this.rest(); },
      follow: () => { this.chosen = false; this.follow(); },
    };
    onAction(this.root, this.actions);
    this.view.addEventListener("error", (event) => this.broken(event), true);
    this.view.addEventListener("input", () => { this.chosen = true; }); // comparing before and after
    on("jobs", () => this.follow());
    on("finished", (job) => this.finish(job));
    on("show", (what) => this.show(what));
    on("act", (name) => this.act(name));
    on("changed", ({ asset, gone }) => asset.id === this.asset?.id && (gone ? this.clear() : this.marked(asset)));
    on("project", (id) => this.enter(id));
    this.rest();
  }

  // -- choosing what to show

  /** @param {Events["show"]} what */
  show({ asset, job }) {
    if (job && medium(job.task) === this.medium && !isFollowedHere(job)) {
      this.chosen = false;
      this.showProgress(this.running(job) ?? job);
    }
    if (asset && mediumOfAsset(asset) === this.medium) {
      this.chosen = true;
      this.showAsset(asset);
    }
    this.follow();
  }

  /**
   * The job to show: this person's and of this medium. ``added`` may not be in the queue's news yet.
   * @param {JobView} [added]
   */
  running(added) {
    const mine = [...jobs.values()].filter((job) => job.mine && medium(job.task) === this.medium && !isFollowedHere(job));
    return followedJob(added && !jobs.has(added.id) ? [...mine, added] : mine, this.job?.id);
  }

  /**
   * Show the project's newest result if there is nothing else to show.
   * @param {AssetView} asset
   */
  offer(asset) { if (!this.asset && !this.job) this.showAsset(asset); }

  /**
   * Run an action of the result by its name, if this stage is on the open tab and the result has it.
   * @param {string} name
   */
  act(name) {
    const { asset } = this;
    if (!asset || this.job || document.body.dataset.tab !== this.medium) return;
    const holder = document.createElement("div");
    render(holder, html`${resultButtons(asset, this.more)}${moreActions(asset)}`);
    const target = query(holder, `[data-do="${name}"]`, HTMLButtonElement);
    if (target) this.actions[name](target);
  }

  /**
   * The current project was changed, or another one is current. What the person chose before the page knew the project stays.
   * @param {string | null} id
   */
  enter(id) {
    const stays = id === this.project || (this.project === undefined && this.chosen);
    this.project = id;
    if (!stays && !this.job) this.clear();
  }

  clear() { this.asset = this.job = null; this.chosen = false; this.rest(); }

  rest() {
    if (this.asset) return void this.showAsset(this.asset);
    const [glyph, title, text] = empty[this.medium];
    this.state("empty");
    render(this.view, html`<div class="teach">${icon(glyph)}<h2>${title}</h2><p>${text}</p>
      ${this.medium === "image" && html`<button type="button" class="again" data-do="read">Read settings from a picture …</button>`}</div>`);
    render(this.under, "");
  }

  /** @param {string} name */
  state(name) {
    this.root.dataset.state = name;
    if (name !== "result") this.speech?.leave();
  }

  // -- a running job

  follow() {
    const now = this.job && jobs.get(this.job.id);
    if (this.job && now && isEnded(now)) { if (now.state !== this.job.state) this.finish(now); return; }
    const next = this.running();
    const looking = this.chosen && !this.job;
    find(this.root, ".following").hidden = !looking || !next || !isActive(next);
    if (!next || looking) return;
    if (next.id === this.job?.id) this.update(next);
    else if (isActive(next) || !(this.asset || this.job)) this.showProgress(next); // while all wait, the last result stays
  }

  /** @param {JobView} job */
  showProgress(job) {
    if (isEnded(job)) return;
    this.job = job;
    this.state("live");
    const source = job.request?.image ?? job.request?.clip;
    render(this.view, html`
      ${source && html`<img class="backdrop" src="${api.thumbOf(source)}" alt="">`}
      ${job.request?.text && html`<blockquote class="saying" dir="auto">${job.request.text}</blockquote>`}
      <img class="preview" alt="Preview" hidden>
      <div class="now">
        <b class="said"></b>
        <span class="meter" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><i></i></span>
        <span class="left"></span>
        <button type="button" class="cancel" data-do="cancel">${icon("x")}Cancel</button>
      </div>`);
    render(this.under, "");
    this.update(job);
  }

  /** @param {JobView} job */
  update(job) {
    if (dataOf(this.root).state !== "live") return void this.showProgress(job);
    /** @param {string} name */
    const part = (name) => find(this.view, name);
    const fraction = job.fraction ?? (job.total ? job.step / job.total : null);
    const meter = part(".meter");
    meter.classList.toggle("waiting", fraction === null);
    find(meter, "i").style.width = fraction === null ? "" : `${(100 * fraction).toFixed(1)}%`;
    if (fraction === null) meter.removeAttribute("aria-valuenow");
    else meter.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    const [said, left] = split(job);
    part(".said").textContent = capitalize(said);
    part(".left").textContent = left;
    part(".cancel").hidden = !job.can_cancel;
    if (job.preview && job.preview !== this.job?.preview) this.preview(job);
    this.job = job;
  }

  /**
   * Replace the preview only once the next one has loaded, to avoid flicker.
   * @param {JobView} job
   */
  preview(job) {
    const next = new Image();
    next.onload = () => {
      const shown = query(this.view, ".preview", HTMLImageElement);
      if (this.job?.id === job.id && shown) { shown.src = next.src; shown.hidden = false; }
    };
    next.src = api.previewOf(job);
  }

  /** @param {JobView} job */
  async finish(job) {
    if (job.id !== this.job?.id) return;
    this.job = job;
    if (job.state === "failed") return void this.fail(job);
    if (job.state === "done" && job.assets.length) {
      try {
        const made = await api.asset(job.assets[0]);
        emit("changed", { asset: made });
        if (this.job?.id === job.id) this.showAsset(made, job);
        return;
      } catch { /* deleted meanwhile: back to rest */ }
    }
    this.job = null;
    this.rest();
  }

  /** @param {JobView} job */
  fail(job) {
    const problem = job.error ?? { what: "Failed.", why: "", next: "" };
    this.state("failed");
    render(this.view, html`<div class="failure" role="alert"><h2>${problem.what}</h2>
      ${problem.why && html`<p>${problem.why}</p>`}${problem.next && html`<p class="next">${problem.next}</p>`}
      <div class="steps">
        ${job.can_retry && html`<button type="button" class="step first" data-do="retry">${icon("again")}Try again</button>`}
        <button type="button" class="step" data-do="away">Dismiss</button>
      </div></div>`);
    render(this.under, "");
  }

  // -- a result

  /**
   * @param {AssetView} asset
   * @param {JobView} [job]
   */
  async showAsset(asset, job) {
    this.asset = asset;
    this.job = null;
    this.made = job?.assets ?? (this.made?.includes(asset.id) ? this.made : [asset.id]); // the results of one request
    this.state("result");
    this.draw(asset, null, job);
    emit("shown", asset);
    if (asset.kind === "sound") return void this.captions(asset);
    const parent = asset.kind === "image" ? asset.provenance?.request?.image : null;
    if (!parent || !asset.parents.includes(parent)) return;
    const before = await api.asset(parent).catch(() => null);
    if (before && this.asset === asset && dataOf(this.root).state === "result") this.draw(asset, before, job);
  }

  /**
   * @param {AssetView} asset
   * @param {AssetView | null} before
   * @param {JobView | undefined} [job]
   */
  draw(asset, before, job) {
    this.speech?.leave();
    if (asset.kind === "sound") (this.speech ??= new SpeechPlayer(this.view, (made, by) => this.showAsset(made, by))).show(asset);
    else render(this.view, resultView(asset, before));
    render(this.under, html`<p class="caption"><b dir="auto">${fullTitle(asset)}</b><span>${describeMedia(asset)}</span>
      ${job?.words && html`<span class="job-words">${asset.verdict ? job.words.split(": ")[0] : job.words}</span>`}
      <span class="captions"></span></p>${reproductionBadge(asset)}${notesList(asset)}
      ${resultButtons(asset, this.more)}${["image", "clip"].includes(asset.kind) && this.made.length > 1 && html`<div class="others" role="group" aria-label="All results">
        ${this.made.map((id, i) => html`<button type="button" data-do="other" data-asset="${id}" aria-label="${capitalize(kindNames[asset.kind])} ${i + 1}" aria-pressed="${String(id === asset.id)}"><img src="${api.thumbOf(id)}" alt=""></button>`)}
        ${asset.kind === "clip" && html`<button type="button" class="step" data-do="takes">${icon("compare")}Compare takes</button>`}</div>`}`);
  }

  /**
   * Link the subtitles from the same job as a voice-over.
   * @param {AssetView} asset
   */
  async captions(asset) {
    const { assets } = asset.job_id ? await api.assets({ job_id: asset.job_id, kind: "subtitles" }).catch(() => ({ assets: [] })) : { assets: [] };
    const place = query(this.under, ".captions");
    if (this.asset === asset && place) render(place, html`${assets.map((one) => html`<a href="${api.fileOf(one.id)}?download=1" download>${icon("subtitles")}Subtitles</a>`)}`);
  }

  /** Open the result in the viewer; the stage then shows the one it was closed with. */
  enlarge(compare = false) {
    const { asset, film, made } = this;
    if (!asset) return;
    this.chosen = true;
    const closed = async (/** @type {string} */ id) => {
      const last = id === this.asset?.id ? null : await api.assetIfThere(id);
      if (last) this.show({ asset: last });
    };
    openViewer({ ids: film.includes(asset.id) ? film : made, id: asset.id, compare, closed });
  }

  /**
   * It was added to or removed from favorites.
   * @param {Events["changed"]["asset"]} asset
   */
  marked(asset) {
    if (asset.favorite === undefined || !this.asset) return;
    this.asset = { ...this.asset, favorite: asset.favorite };
    query(this.under, "[data-do=keep]", HTMLButtonElement)?.setAttribute("aria-pressed", String(asset.favorite));
  }

  /** @param {Event} event */
  broken(event) {
    if (targetOf(event).matches?.(".backdrop, .wave, .before img")) targetOf(event).hidden = true;
  }

  /** On a phone, scroll to the stage when the form is submitted. */
  approach() {
    if (matchMedia("(max-width: 760px)").matches) scrollTo({ top: 0, behavior: scrollBehavior() });
  }
}
