// The filmstrip: this project's results in this medium, newest first. Frames can be dragged into the form.

import * as api from "../core/api.js";
import { badgeList, fullTitle } from "../core/badges.js";
import { emit, on } from "../core/bus.js";
import { dataOf, find, findAll, html, render } from "../core/dom.js";
import { dragAsset } from "../core/drag.js";
import { describeMedia, formatDate } from "../core/format.js";
import { project } from "../core/project.js";
import { reproductionMark } from "../core/reproduction.js";
import { thumbnail } from "../core/thumbnail.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 * @import { Stage } from "./stage.js"
 */

/** @type {Record<string, string>} */
const kinds = { image: "image", video: "clip", audio: "sound" };

export class Filmstrip {
  /** @type {ReturnType<typeof setTimeout>} */
  soon;

  /**
   * @param {Part} part
   * @param {() => Stage | undefined} stage
   */
  constructor({ element }, stage) {
    this.medium = dataOf(find(element, "[data-medium]")).medium;
    this.strip = find(element, ".film");
    this.stage = stage;
    /** @type {AssetView[]} */
    this.assets = [];
    this.strip.addEventListener("click", (event) => {
      const asset = this.at(event.target);
      if (asset) emit("show", { asset });
    });
    this.strip.addEventListener("dragstart", (event) => {
      const asset = this.at(event.target);
      if (asset) dragAsset(event, asset);
    });
    this.strip.addEventListener("wheel", (event) => {
      if (event.deltaX || !event.deltaY || this.strip.scrollWidth <= this.strip.clientWidth) return;
      this.strip.scrollLeft += event.deltaY;
      event.preventDefault();
    }, { passive: false });
    on("changed", ({ asset }) => {
      if (asset.kind && asset.kind !== kinds[this.medium]) return;
      clearTimeout(this.soon); // simultaneous changes cause one request
      this.soon = setTimeout(() => this.load(), 100);
    });
    on("finished", () => this.load());
    on("stepFilm", (by) => this.step(by));
    on("project", () => this.load());
    on("shown", (asset) => { this.shown = asset.id; this.mark(); });
    this.load();
  }

  /** @param {EventTarget | null} target */
  at(target) {
    const frame = target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest("[data-asset]")) : null;
    return this.assets.find((asset) => asset.id === frame?.dataset.asset);
  }

  /**
   * Show the result ``by`` places further, if this filmstrip is on the open tab.
   * @param {number} by
   */
  step(by) {
    if (document.body.dataset.tab !== this.medium) return;
    const asset = this.assets[this.assets.findIndex(({ id }) => id === this.shown) + by];
    if (!asset) return;
    emit("show", { asset });
    find(this.strip, `[data-asset="${asset.id}"]`).scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    try {
      const page = await api.assets({ kind: kinds[this.medium], project_id: project.id ?? "own", origin: "made", limit: 60 });
      if (turn !== this.turn) return;
      this.assets = page.assets;
    } catch { return; }
    this.draw();
    const stage = this.stage();
    if (stage) stage.film = this.assets.map((asset) => asset.id);
    if (this.assets.length) stage?.offer(this.assets[0]);
  }

  draw() {
    /** @param {AssetView} asset */
    const frame = (asset) => html`<button type="button" class="frame ${asset.kind}" data-asset="${asset.id}" draggable="true"
      aria-label="${fullTitle(asset)}, ${formatDate(asset.created_at)}" title="${fullTitle(asset)} · ${describeMedia(asset)}">${thumbnail(asset)}${badgeList(asset, 2)}
      ${reproductionMark(asset)}${asset.kind === "sound" && html`<em dir="auto">${asset.title}</em>`}</button>`;
    render(this.strip, this.assets.length ? html`${this.assets.map(frame)}`
      : html`<p class="bare">Everything you make here appears in this strip.</p>`);
    this.mark();
  }

  mark() {
    for (const frame of findAll(this.strip, ".frame")) {
      frame.setAttribute("aria-pressed", String(dataOf(frame).asset === this.shown));
    }
  }
}
