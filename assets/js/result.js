// A finished thing, shown as large as it goes: a picture (beside what it was made from), a clip, a sound.

import { fileOf, thumbOf } from "./api.js";
import { html, icon } from "./dom.js";

const ratio = (asset) => (asset.width && asset.height ? (asset.width / asset.height).toFixed(4) : "1.5");

/** Where a picture is seen: no browser shows all that the studio reads, so of these the small copy. */
const seen = (asset) => (["image/heic", "image/tiff"].includes(asset.mime) ? thumbOf : fileOf)(asset.id);

const picture = (asset, before) => {
  const after = html`<img class="after" src="${seen(asset)}" alt="${asset.title}" decoding="async" draggable="false">`;
  const same = before && before.kind === "image" && Math.abs(ratio(asset) - ratio(before)) < 0.02;
  if (!same) return html`<div class="fit clear" style="--ratio:${ratio(asset)}">${after}</div>`;
  return html`<div class="fit clear compare" style="--ratio:${ratio(asset)};--at:50%">
    ${after}
    <div class="before"><img src="${seen(before)}" alt="" decoding="async" draggable="false"></div>
    <span class="tag left" aria-hidden="true">Before</span><span class="tag right" aria-hidden="true">After</span>
    <span class="line" aria-hidden="true"></span>
    <input type="range" min="0" max="100" step="0.5" value="50" aria-label="Compare before and after" data-compare>
  </div>`;
};

/** Whether a person asked their computer for less that moves by itself. */
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const clip = (asset) => html`<div class="fit" style="--ratio:${ratio(asset)}">
  <video controls ${calm() ? "" : "autoplay"} muted loop playsinline preload="metadata" src="${fileOf(asset.id)}" poster="${asset.has_thumb ? thumbOf(asset.id) : ""}" aria-label="${asset.title}"></video>
</div>`;

const sound = (asset) => html`<div class="heard">
  ${asset.has_thumb && html`<img class="wave" src="${thumbOf(asset.id)}" alt="">`}
  <audio controls preload="metadata" src="${fileOf(asset.id)}" aria-label="${asset.title}"></audio>
  <blockquote>${asset.provenance?.request?.text ?? asset.title}</blockquote>
</div>`;

const taught = (asset) => (asset.has_thumb ? html`<div class="fit clear"><img src="${thumbOf(asset.id)}" alt="What ${asset.title} does"></div>` : paper(asset));

const paper = (asset) => html`<div class="heard"><blockquote>${icon(asset.kind)} ${asset.title}</blockquote></div>`;

/** What a person should know of a file: what it lacks, what was left out of it. */
export const notes = (asset) => asset.notes?.length > 0 && html`<ul class="notes">${asset.notes.map((note) => html`<li>${note}</li>`)}</ul>`;

/** The asset as markup; ``before`` is what it was made from, when that is worth comparing. */
export const result = (asset, before) => ({ image: picture, clip, sound, lora: taught })[asset.kind]?.(asset, before) ?? paper(asset);

/** Make the before/after slider follow its handle. */
export function comparing(element) {
  element.addEventListener("input", (event) => {
    if (event.target.matches("[data-compare]")) {
      event.target.closest(".compare").style.setProperty("--at", `${event.target.value}%`);
    }
  });
}
