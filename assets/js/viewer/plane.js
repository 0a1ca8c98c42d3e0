// The area of the viewer that shows a picture or clip, alone or compared with another: zoomed and moved together.

import { fileOf, playableOf, thumbOf } from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { fieldOf, find, findAll, findField, html, query, render } from "../core/dom.js";
import { followGestures } from "./gestures.js";
import { safeAreas } from "./safe-areas.js";
import { bounded, fitZoom, nextStop, overflows, rectangle, zoomAround } from "./zoom.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Point } from "./gestures.js"
 * @import { Frame, Size, View } from "./zoom.js"
 */

/** @typedef {HTMLImageElement | HTMLVideoElement} Media */
/** @typedef {"alone" | "wipe" | "beside"} Layout */

const STEP = 80; // px per arrow key
const NEAR_LINE = 28; // px around the divider that still drag it
const PIXELATED = 2; // from this zoom on, pixels have sharp edges

/**
 * The address of a picture to display. Browsers cannot show every format the studio reads; those use the thumbnail.
 * @param {AssetView} asset
 */
export const displayUrl = (asset) => (["image/heic", "image/tiff"].includes(asset.mime) ? thumbOf : fileOf)(asset.id);

/** @param {AssetView} asset */
const mediaOf = (asset) => (asset.kind === "clip"
  ? html`<video src="${playableOf(asset)}" poster="${asset.has_thumb ? thumbOf(asset.id) : ""}" playsinline loop preload="auto" aria-label="${asset.title}"></video>`
  : html`<img src="${displayUrl(asset)}" alt="${asset.title}" draggable="false">`);

/**
 * @param {AssetView} asset
 * @param {string} name
 */
const pane = (asset, name) => html`<figure class="viewer-pane" data-pane="${name}">${mediaOf(asset)}${name === "after" && html`<div class="viewer-safe" hidden aria-hidden="true">${safeAreas()}</div>`}
  <figcaption>${name === "after" ? "After" : "Before"} · ${fullTitle(asset)}</figcaption></figure>`;

export class Plane {
  /** @type {View} */
  view = { zoom: 1, x: 0, y: 0 };
  /** @type {Layout} */
  layout = "alone";
  /** @type {AssetView | null} */
  asset = null;
  fitted = true;
  /** Whether the pointer that is down moves the divider. */
  wiping = false;

  /**
   * ``changed`` is called when the zoom changes, ``swiped`` with 1 (next) or -1 (previous).
   * @param {HTMLElement} area
   * @param {{ changed: () => void, swiped: (direction: number) => void }} options
   */
  constructor(area, { changed, swiped }) {
    this.area = area;
    this.changed = changed;
    followGestures(area, {
      zoom: (factor, at) => this.zoomTo(this.view.zoom * factor, at),
      move: (x, y) => this.move(x, y),
      drag: (x, y, event) => (this.wiping ? this.wipe(event) : this.move(x, y)),
      doubleTap: (at) => this.toggleFit(at),
      swipe: swiped,
      movable: () => this.movable || this.layout === "wipe",
    });
    area.addEventListener("pointerdown", (event) => { this.wiping = this.layout === "wipe" && (!this.movable || this.nearLine(event)); });
    area.addEventListener("input", (event) => fieldOf(event).name === "wipe" && this.placeLine(Number(fieldOf(event).value)));
    new ResizeObserver(() => this.asset && this.draw()).observe(area);
  }

  /**
   * Show an asset, with another to compare it with.
   * @param {AssetView} asset
   * @param {AssetView | null} before
   */
  show(asset, before) {
    if (this.asset?.id !== asset.id) this.fitted = true;
    this.asset = asset;
    render(this.area, html`${before && pane(before, "before")}${pane(asset, "after")}
      <span class="viewer-line" aria-hidden="true"></span><input type="range" name="wipe" min="0" max="100" step="0.5" value="50" aria-label="Position of the divider">`);
    this.placeLine(50);
    for (const media of this.media) for (const name of ["load", "loadedmetadata"]) media.addEventListener(name, () => this.draw());
    this.setLayout(before ? this.layout === "alone" ? "wipe" : this.layout : "alone");
  }

  clear() { this.asset = null; render(this.area, ""); }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.layout = layout;
    this.area.dataset.layout = layout;
    findField(this.area, "[name=wipe]").hidden = layout !== "wipe";
    this.draw();
  }

  // -- the divider

  /** @param {number} percent */
  placeLine(percent) {
    findField(this.area, "[name=wipe]").value = String(percent);
    this.area.style.setProperty("--wipe", `${Math.max(0, Math.min(100, percent))}%`);
  }

  /** @param {PointerEvent} event */
  nearLine({ clientX }) {
    const box = this.area.getBoundingClientRect();
    return Math.abs(clientX - box.left - (box.width * Number(findField(this.area, "[name=wipe]").value)) / 100) < NEAR_LINE;
  }

  /** @param {PointerEvent} event */
  wipe({ clientX }) {
    const box = this.area.getBoundingClientRect();
    this.placeLine((100 * (clientX - box.left)) / box.width);
  }

  // -- the media

  get media() { return /** @type {Media[]} */ ([...findAll(this.area, "img"), ...findAll(this.area, "video")]); }

  /**
   * The picture or clip itself, or the one it is compared with.
   * @param {"after" | "before"} name
   */
  one(name) { return /** @type {Media | null} */ (query(this.area, `[data-pane=${name}] :is(img, video)`)); }

  /** Whether the one it is compared with is shown alone, as long as a key or button is held. */
  get flickering() { return this.area.classList.contains("flicker"); }
  set flickering(on) { this.area.classList.toggle("flicker", on); }

  /** @param {boolean} on */
  safe(on) { find(this.area, ".viewer-safe").hidden = !on; }

  // -- zoom

  /** @returns {Size} */
  get picture() {
    const shown = this.one("after");
    const [width, height] = shown instanceof HTMLVideoElement ? [shown.videoWidth, shown.videoHeight] : [shown?.naturalWidth, shown?.naturalHeight];
    return width && height ? { width, height } : { width: this.asset?.width ?? 16, height: this.asset?.height ?? 9 };
  }

  /** @returns {Frame} */
  get frame() {
    const beside = this.layout === "beside", portrait = matchMedia("(orientation: portrait)").matches; // as in the styles
    const width = this.area.clientWidth / (beside && !portrait ? 2 : 1);
    const height = this.area.clientHeight / (beside && portrait ? 2 : 1);
    return { picture: this.picture, area: { width: Math.max(1, width), height: Math.max(1, height) }, density: devicePixelRatio || 1 };
  }

  get movable() { return overflows(this.view.zoom, this.frame); }

  /**
   * @param {number} zoom
   * @param {Point} [at]
   */
  zoomTo(zoom, at = { x: 0, y: 0 }) {
    this.view = zoomAround(this.view, zoom, this.inPane(at), this.frame);
    this.fitted = Math.abs(this.view.zoom / fitZoom(this.frame) - 1) < 1e-3;
    this.draw();
  }

  /**
   * A point of the area as one of the half it is in, if two are side by side.
   * @param {Point} at
   */
  inPane({ x, y }) {
    const { area } = this.frame, wide = area.width < this.area.clientWidth - 1, high = area.height < this.area.clientHeight - 1;
    return { x: wide ? x - Math.sign(x) * area.width / 2 : x, y: high ? y - Math.sign(y) * area.height / 2 : y };
  }

  /** @param {number} direction */
  step(direction) { this.zoomTo(nextStop(this.view.zoom, direction)); }

  /** @param {Point} [at] */
  toggleFit(at) {
    const isWhole = Math.abs(this.view.zoom - 1) < 1e-6;
    this.fitted = isWhole || !this.fitted;
    if (this.fitted) this.draw();
    else this.zoomTo(1, at);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  move(x, y) {
    this.view = bounded({ ...this.view, x: this.view.x + x, y: this.view.y + y }, this.frame);
    this.draw();
  }

  /**
   * Move the view by a step, with an arrow key.
   * @param {number} x
   * @param {number} y
   */
  nudge(x, y) { this.move(-x * STEP, -y * STEP); }

  draw() {
    const { frame } = this;
    this.view = bounded(this.fitted ? { zoom: fitZoom(frame), x: 0, y: 0 } : this.view, frame);
    const { left, top, width, height } = rectangle(this.view, frame);
    for (const [name, value] of Object.entries({ left, top, width, height })) this.area.style.setProperty(`--${name}`, `${value}px`);
    this.area.classList.toggle("pixelated", this.view.zoom >= PIXELATED && !this.fitted);
    this.area.classList.toggle("movable", this.movable);
    this.changed();
  }

  /** The zoom to read. */
  get zoomText() { return `${Math.round(this.view.zoom * 100)} %`; }
}
