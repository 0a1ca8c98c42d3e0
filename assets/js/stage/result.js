// A result at full size: a picture (compared with its source), a clip, a sound. A click or Enter opens the viewer.

import { fileOf, playableOf, thumbOf } from "../core/api.js";
import { closest, fieldOf, html, query, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isCalm } from "../core/motion.js";
import { displayUrl } from "../viewer/plane.js";

/**
 * @import { Renderable } from "../core/dom.js"
 * @import { AssetView } from "../types/api.js"
 */

/** @param {AssetView} asset */
const ratio = (asset) => (asset.width && asset.height ? (asset.width / asset.height).toFixed(4) : "1.5");

/** The button that opens the viewer. */
export const viewButton = html`<button type="button" class="view-button" data-do="view" aria-label="Open in the viewer" title="Open in the viewer (Enter)">${icon("expand")}</button>`;

/**
 * @param {AssetView} asset
 * @param {AssetView | null | undefined} [before]
 */
const picture = (asset, before) => {
  const after = html`<img class="after" src="${displayUrl(asset)}" alt="${asset.title}" decoding="async" draggable="false">`;
  const same = before && before.kind === "image" && Math.abs(Number(ratio(asset)) - Number(ratio(before))) < 0.02;
  if (!same) return html`<div class="fit clear" style="--ratio:${ratio(asset)}">${after}${viewButton}</div>`;
  return html`<div class="fit clear compare" style="--ratio:${ratio(asset)};--at:50%">
    ${after}
    <div class="before"><img src="${displayUrl(before)}" alt="" decoding="async" draggable="false"></div>
    <span class="tag left" aria-hidden="true">Before</span><span class="tag right" aria-hidden="true">After</span>
    <span class="line" aria-hidden="true"></span>
    <input type="range" min="0" max="100" step="0.5" value="50" aria-label="Compare before and after" data-compare>${viewButton}
  </div>`;
};

/** @param {AssetView} asset */
const clip = (asset) => html`<div class="fit" style="--ratio:${ratio(asset)}">
  <video controls ${isCalm() ? "" : "autoplay"} muted loop playsinline preload="metadata" src="${playableOf(asset)}" poster="${asset.has_thumb ? thumbOf(asset.id) : ""}" aria-label="${asset.title}"></video>${viewButton}
</div>`;

/** @param {AssetView} asset */
const sound = (asset) => html`<div class="heard">
  ${asset.has_thumb && html`<img class="wave" src="${thumbOf(asset.id)}" alt="">`}
  <audio controls preload="metadata" src="${fileOf(asset.id)}" aria-label="${asset.title}"></audio>${viewButton}
  <blockquote>${asset.provenance?.request?.text ?? asset.title}</blockquote>
</div>`;

/** @param {AssetView} asset */
const loraView = (asset) => (asset.has_thumb ? html`<div class="fit clear"><img src="${thumbOf(asset.id)}" alt="What ${asset.title} does"></div>` : paper(asset));

/** @param {AssetView} asset */
const paper = (asset) => html`<div class="heard"><blockquote>${icon(asset.kind)} ${asset.title}</blockquote></div>`;

/**
 * Notes about a file: what is missing or was left out.
 * @param {AssetView} asset
 */
export const notesList = (asset) => asset.notes?.length > 0 && html`<ul class="notes">${asset.notes.map((note) => html`<li>${note}</li>`)}</ul>`;

/** @type {Partial<Record<AssetView["kind"], (asset: AssetView, before?: AssetView | null) => Renderable>>} */
const views = { image: picture, clip, sound, lora: loraView };

/**
 * The asset as markup; ``before`` is its source, if comparing makes sense.
 * @param {AssetView} asset
 * @param {AssetView | null | undefined} [before]
 */
export const resultView = (asset, before) => (views[asset.kind] ?? paper)(asset, before);

const CLICK = 5; // px: more is a drag of the divider
const CONTROLS = 72; // px at the bottom of a clip that belong to the browser's own controls

/**
 * Open the viewer by a click on a picture or clip, or by Enter on it.
 * @param {HTMLElement} element
 */
function openByClick(element) {
  let [x, y] = [0, 0];
  const open = () => query(element, ".view-button")?.click();
  element.addEventListener("pointerdown", (event) => { [x, y] = [event.clientX, event.clientY]; }, true);
  element.addEventListener("click", (event) => {
    const target = targetOf(event), control = target.matches("video") && event.clientY > target.getBoundingClientRect().bottom - CONTROLS;
    if (target.closest(".fit") && !target.closest("button") && !control && event.detail && Math.hypot(event.clientX - x, event.clientY - y) < CLICK) open();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && targetOf(event).matches("[data-compare], video")) { event.preventDefault(); open(); }
  });
}

/**
 * Follow the keys and the pointer on a result: the before/after divider, and the way to the viewer.
 * @param {HTMLElement} element
 */
export function followResult(element) {
  openByClick(element);
  element.addEventListener("input", (event) => {
    if (targetOf(event).matches("[data-compare]")) {
      closest(targetOf(event), ".compare").style.setProperty("--at", `${fieldOf(event).value}%`);
    }
  });
}
