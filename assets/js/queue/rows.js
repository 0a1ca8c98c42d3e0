// A row of the queue: a thumbnail, the words that tell the job apart, how it stands, and its buttons.

import { previewOf, thumbOf } from "../core/api.js";
import { dataOf, find, findAll, html, query, renderChanged } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isEnded } from "../core/job-poller.js";
import { medium } from "../core/media.js";
import { isActive, jobName } from "./job-lists.js";

/** @import { JobView } from "../types/api.js" */

/** @type {Record<string, string>} */
const icons = { image: "image", video: "clip", audio: "sound" };

/**
 * The picture of a job: its result, how it looks so far, or what it is made from.
 * @param {JobView} job
 */
const pictureOf = (job) => {
  if (job.preview && isActive(job)) return previewOf(job);
  const source = job.assets[0] ?? job.request?.image ?? job.request?.clip ?? job.request?.references?.[0] ?? job.request?.sound;
  return source ? thumbOf(source) : null;
};

/** @param {JobView} job */
const face = (job) => {
  const picture = pictureOf(job);
  const glyph = icon(icons[medium(job.task) ?? ""] ?? (job.task === "write" ? "pen" : "down"));
  return html`${glyph}${picture && html`<img src="${picture}" alt="" loading="lazy" decoding="async" draggable="false">`}`;
};

/** @param {JobView} job */
const words = (job) => {
  const { error } = job;
  const more = [error?.why, error?.next].filter(Boolean).join(" ");
  return html`<b dir="auto" title="${jobName(job)}">${jobName(job)}</b>
    <span class="words">${job.state === "failed" && (error?.what ?? "Failed.")}</span>${more && html`<small>${more}</small>`}
    ${isActive(job) && html`<span class="meter"><i></i></span>`}`;
};

/**
 * @param {string} act
 * @param {string} name
 * @param {string} glyph
 * @param {string} of
 */
const tool = (act, name, glyph, of) => html`<button type="button" class="x" data-do="${act}" aria-label="${name}: ${of}" title="${name}">${icon(glyph)}</button>`;

/**
 * @param {JobView} job
 * @param {boolean} movable
 */
const buttons = (job, movable) => {
  const name = jobName(job).slice(0, 80);
  return html`${movable && html`${tool("up", "Move up", "up", name)}${tool("down", "Move down", "down-arrow", name)}`}
    ${job.can_pause && job.state !== "queued" && tool("pause", "Pause", "pause", name)}
    ${job.can_resume && html`<button type="button" class="act" data-do="resume">Resume</button>`}
    ${job.state === "failed" && job.can_retry && html`<button type="button" class="act" data-do="retry">Try again</button>`}
    ${job.state === "done" && html`<button type="button" class="act" data-do="show">Show</button>`}
    ${job.can_cancel && tool("cancel", "Cancel", "x", name)}
    ${job.state === "failed" && tool("dismiss", "Dismiss", "x", name)}`;
};

/** @returns {HTMLLIElement} */
export function newRow() {
  const row = document.createElement("li");
  for (const part of ["face", "what", "acts"]) row.append(Object.assign(document.createElement("span"), { className: part }));
  find(row, ".face").addEventListener("error", (event) => { if (event.target instanceof HTMLImageElement) event.target.remove(); }, true);
  return row;
}

/**
 * Fill a row. Only the parts that differ are rendered, so that focus stays. ``among`` are the jobs it can be moved among.
 * @param {HTMLLIElement} row
 * @param {JobView} job
 * @param {JobView[]} among
 */
export function fillRow(row, job, among) {
  const place = among.findIndex((other) => other.id === job.id);
  row.className = `job ${job.state}`;
  row.dataset.job = job.id;
  row.draggable = among.length > 1;
  if (job.state === "done") row.dataset.do = "show";
  renderChanged(find(row, ".face"), face(job));
  renderChanged(find(row, ".what"), words(job));
  renderChanged(find(row, ".acts"), buttons(job, among.length > 1));
  for (const button of findAll(row, "[data-do=up], [data-do=down]", HTMLButtonElement)) {
    const end = dataOf(button).do === "up" ? place <= 0 : place === among.length - 1;
    button.setAttribute("aria-disabled", String(end)); // not disabled: it would lose the focus
  }
  if (!isEnded(job) || job.state === "done") find(row, ".words").textContent = job.words;
  const meter = query(row, ".meter");
  const fraction = job.fraction ?? (job.total ? job.step / job.total : null);
  meter?.classList.toggle("waiting", fraction === null);
  if (meter) find(meter, "i").style.width = fraction === null ? "" : `${Math.round(100 * fraction)}%`;
}
