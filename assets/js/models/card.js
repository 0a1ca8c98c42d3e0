// A model's card: its use, license, needs and main action.

import { find, html, query } from "../core/dom.js";
import { capitalize, formatBytes, formatDuration } from "../core/format.js";
import { icon } from "../core/icons.js";

/** @import { JobView, ModelCard } from "../types/api.js" */

/** @typedef {{ job?: JobView, failed?: JobView | null }} Download the running one, and the last one that failed */

/** @typedef {Download & { may: boolean, room: number }} About the download, whether the person may change models, free bytes */

const SPEED = "c41-download-speed";

/**
 * Remember the download speed, to estimate the next download.
 * @param {number} value
 */
export const rememberSpeed = (value) => { if (value > 1000) localStorage.setItem(SPEED, String(Math.round(value))); };

/**
 * The estimated time of a download: “about 8 min”; "" before the first one.
 * @param {number} size
 */
export const downloadTime = (size) => {
  const speed = Number(localStorage.getItem(SPEED));
  return speed && size ? `about ${formatDuration(size / speed)}` : "";
};

/**
 * “Download (8.1 GB, about 12 min)”
 * @param {number} size
 */
export const downloadLabel = (size) => {
  const about = [size ? formatBytes(size) : "", downloadTime(size)].filter(Boolean).join(", ");
  return about ? `Download (${about})` : "Download";
};

/** @param {ModelCard} model */
const license = ({ license: terms, licensed_here: here, not_valid_in: where }) => html`<p class="license ${terms.commercial && here !== false ? "free" : "not"}">
  ${terms.url ? html`<a href="${terms.url}" target="_blank" rel="noopener noreferrer">${terms.name}</a>` : terms.name}
  <span>${terms.commercial ? "cleared for client work" : "not cleared for client work"}</span>
  ${where && html`<span>not valid in ${where}</span>`}</p>`;

/** @param {ModelCard} model */
const need = (model) => Math.min(...Object.values(model.memory));

/** @param {ModelCard} model */
const size = (model) => [
  model.installed ? (model.disk_bytes ? `${formatBytes(model.disk_bytes)} on disk` : "") : (model.download_bytes ? `${formatBytes(model.download_bytes)} download` : ""),
  Object.keys(model.memory).length ? `${formatBytes(need(model))} in memory` : "",
].filter(Boolean).join(" · ");

/** @param {ModelCard} model */
const loadedNote = (model) => model.loaded.length > 0 && html`<p class="held">${icon("check")}<span>In memory on ${[...new Set(model.loaded.map((one) => one.device))].join(", ")}:
  ${formatBytes(model.loaded.reduce((sum, one) => sum + one.bytes, 0))}${model.loaded.some((one) => one.in_use) && ", in use now"}</span></p>`;

/**
 * A running download. ``updateProgress`` fills in the text and the bar, so that the buttons keep their focus.
 * @param {JobView} job
 */
const progress = (job) => html`<div class="fetch" data-job="${job.id}">
  <p class="words" aria-live="off"></p><span class="meter"><i></i></span>
  <div class="acts">
    ${job.can_pause && html`<button type="button" class="step" data-do="pause">Pause</button>`}
    ${job.can_resume && html`<button type="button" class="step first" data-do="resume">${icon("down")}Resume</button>`}
    ${job.can_cancel && html`<button type="button" class="step" data-do="cancel">Cancel</button>`}
  </div></div>`;

/**
 * Show the progress of a download.
 * @param {HTMLElement} card
 * @param {JobView} job
 */
export function updateProgress(card, job) {
  const box = query(card, ".fetch");
  if (!box) return;
  const { bytes: done, bytes_total: total, bytes_per_second: speed } = job.facts ?? {};
  const pace = speed && job.state === "running" ? ` · ${formatBytes(speed)}/s` : "";
  find(box, ".words").textContent = capitalize(job.words) + pace;
  const part = job.fraction ?? (total ? done / total : null);
  const meter = find(box, ".meter");
  meter.classList.toggle("waiting", part === null && job.state !== "queued" && job.state !== "paused");
  if (part !== null || job.state === "paused") find(meter, "i").style.width = `${Math.round(100 * (part ?? 0))}%`;
}

/**
 * The error of a failed download. For a missing consent only what happened: the card already says what to do.
 * @param {JobView} job
 */
const failure = ({ error }) => error && html`<p class="failed">${(refused.has(error.code) ? [error.what] : [error.what, error.why, error.next]).filter(Boolean).join(" ")}</p>`;

/** @param {ModelCard} model */
const removing = (model) => {
  if (model.in_place || !model.installed) return "Remove from list";
  return "Remove";
};

/**
 * @param {ModelCard} model
 * @param {About} about
 */
const acts = (model, { job, may, room }) => {
  if (job) return progress(job);
  const short = !model.installed && model.download_bytes > room;
  return html`<div class="acts">
    ${!model.installed && model.licensed_here === false && html`<span class="bare">May not be used where your studio is.</span>`}
    ${!model.installed && model.licensed_here !== false && (model.downloadable
      ? html`<button type="button" class="step first" data-do="get" ${short ? "disabled" : ""}>${icon("down")}${downloadLabel(model.download_bytes)}</button>`
      : html`<span class="bare">${model.starter ? "Installed at the next start." : "Its files are missing."}</span>`)}
    ${short && model.licensed_here !== false && html`<span class="warn">Not enough disk space: ${formatBytes(room)} free.</span>`}
    ${may && model.removable && html`<button type="button" class="step" data-do="remove">${icon("trash")}${removing(model)}</button>`}
  </div>`;
};

const refused = new Set(["gated", "bad_token"]);

/**
 * @param {ModelCard} model
 * @param {JobView | null | undefined} broken
 */
const gated = (model, broken) => !model.installed && (model.gated || refused.has(broken?.error?.code ?? "")) && html`<p class="gate">Gated model: accept its license
  ${model.consent_pages.map((page, at) => html`${at > 0 && " and "}on <a href="${page}" target="_blank" rel="noopener noreferrer">${page.split("/").slice(-2).join("/")}</a>`)}, then
  <button type="button" class="link" data-do="access">paste an access token</button>.</p>`;

/** @param {ModelCard} model */
const badges = (model) => html`${model.starter && html`<em title="A small model for first tries that runs on any computer">starter</em>`}
  ${model.own && html`<em>added here</em>`}${model.in_place && html`<em>used in place</em>`}
  ${model.gated && html`<em>license must be accepted</em>`}`;

/**
 * ``about`` = {job, failed, may, room}: the download, the last failed one, whether the person may change models, free bytes.
 * @param {ModelCard} model
 * @param {About} about
 */
export const modelCard = (model, about) => html`<li class="model ${model.installed ? "here" : ""}" data-model="${model.id}">
  <div class="who"><h4>${model.name}</h4>${badges(model)}${model.installed && html`<span class="have">${icon("check")}installed</span>`}</div>
  <p class="use">${model.use}</p>
  ${license(model)}
  <p class="fit ${model.fit.state}"><i aria-hidden="true"></i>${model.fit.words}</p>
  <p class="size">${size(model)}</p>
  ${model.load_words && html`<p class="size">${model.load_words}</p>`}
  ${loadedNote(model)}${gated(model, about.failed)}
  ${about.failed && !about.job && failure(about.failed)}
  ${acts(model, about)}
  <p class="proof">${model.verified_words}</p></li>`;
