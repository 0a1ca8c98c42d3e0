// All takes of a clip beside each other, in sync: keep one, and the others go to the bin.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { dataOf, find, findAll, html, onAction, render, renderChanged } from "../core/dom.js";
import { formatDuration } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { isCalm } from "../core/motion.js";
import { failed, toast } from "../core/toast.js";
import { restoreAsset } from "../stage/asset-actions.js";

/** @import { AssetView } from "../types/api.js" */

const APART = 0.06; // seconds that two takes may be apart
const WATCH_MS = 100;

class Takes {
  /** @type {AssetView[]} */
  takes = [];
  /** @type {(id: string) => void} */
  kept = () => {};
  watching = 0;

  constructor() {
    this.dialog = Object.assign(document.createElement("dialog"), { className: "viewer takes", ariaLabel: "Compare takes", tabIndex: -1 });
    document.body.append(this.dialog);
    onAction(this.dialog, {
      close: () => this.dialog.close(),
      toggle: () => this.play(this.videos[0]?.paused ?? false),
      keep: (button) => this.keep(dataOf(button).take),
    });
    this.dialog.addEventListener("input", (event) => this.seek(Number(/** @type {HTMLInputElement} */ (event.target).value)));
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target instanceof HTMLButtonElement) return;
      event.preventDefault();
      this.play(this.videos[0]?.paused ?? false);
    });
    this.dialog.addEventListener("close", () => { clearInterval(this.watching); render(this.dialog, ""); });
  }

  get videos() { return findAll(this.dialog, "video", HTMLVideoElement); }

  /**
   * @param {string[]} ids
   * @param {(id: string) => void} kept called with the take that is kept
   */
  async open(ids, kept) {
    this.kept = kept;
    try { this.takes = await Promise.all(ids.map((id) => api.asset(id))); } catch (error) { return failed(error); }
    this.draw();
    showModal(this.dialog);
    this.dialog.focus();
    this.watching = setInterval(() => this.follow(), WATCH_MS);
    if (!isCalm()) this.play(true);
  }

  draw() {
    render(this.dialog, html`<header class="viewer-head"><h2>${this.takes.length} takes</h2><span class="viewer-about">Keep one; the others go to the bin.</span>
        <button type="button" class="viewer-button" data-do="close" aria-label="Close" title="Close (Escape)">${icon("x")}</button></header>
      <div class="takes-grid" style="--columns: ${Math.ceil(Math.sqrt(this.takes.length))}">${this.takes.map((take, n) => html`<figure>
        <video src="${api.playableOf(take)}" poster="${api.thumbOf(take.id)}" muted playsinline loop preload="auto"></video>
        <figcaption>Take ${n + 1}<span>seed ${take.provenance?.request?.seed ?? "?"}</span>
          <button type="button" class="viewer-button" data-do="keep" data-take="${take.id}" aria-label="Keep take ${n + 1}">${icon("check")}Keep</button></figcaption></figure>`)}</div>
      <div class="viewer-transport"><button type="button" class="viewer-button" data-do="toggle" aria-label="Play or pause" title="Play or pause (Space)">${icon("play")}</button>
        <input type="range" min="0" max="${Math.max(...this.takes.map((take) => take.seconds ?? 0))}" step="0.01" value="0" aria-label="Position"><output></output></div>`);
  }

  /** @param {boolean} on */
  play(on) {
    for (const video of this.videos) {
      if (on) video.play().catch(() => {});
      else video.pause();
    }
    if (!on) this.seek(this.videos[0]?.currentTime ?? 0);
  }

  /** @param {number} seconds */
  seek(seconds) { for (const video of this.videos) video.currentTime = seconds; }

  /** Show the position, and bring takes that are ahead or behind to the first one's. */
  follow() {
    const [first, ...others] = this.videos;
    if (!first) return;
    for (const video of others) {
      const apart = Math.abs(video.currentTime - first.currentTime);
      if (!first.paused && !video.seeking && apart > APART && apart < first.duration - APART) video.currentTime = first.currentTime;
    }
    renderChanged(find(this.dialog, "[data-do=toggle]"), icon(first.paused ? "play" : "pause"));
    find(this.dialog, "input", HTMLInputElement).value = String(first.currentTime);
    find(this.dialog, "output").textContent = formatDuration(first.currentTime);
  }

  /** @param {string} id */
  async keep(id) {
    const gone = this.takes.filter((take) => take.id !== id);
    this.dialog.close();
    try {
      await Promise.all(gone.map((take) => api.remove(`assets/${take.id}`)));
    } catch (error) { return failed(error); }
    for (const take of gone) emit("changed", { asset: take, gone: true });
    this.kept(id);
    toast(`One take kept, ${gone.length} deleted.`, { act: { label: "Undo", run: () => gone.forEach((take) => restoreAsset(take)) } });
  }
}

/** @type {Takes | undefined} */
let shared;

/**
 * Show clips of one request beside each other.
 * @param {string[]} ids
 * @param {(id: string) => void} kept called with the take that is kept
 */
export const openTakes = (ids, kept) => (shared ??= new Takes()).open(ids, kept);
