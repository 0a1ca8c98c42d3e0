// One model as a card: what it is for, its licence, what it needs, and the one thing to do about it.

import { html, icon } from "./dom.js";
import { bytes, capital, seconds } from "./words.js";

const SPEED = "c41-download-speed";

/** Remember how fast downloads are here, so that the next one can be told before it begins. */
export const learnSpeed = (value) => { if (value > 1000) localStorage.setItem(SPEED, String(Math.round(value))); };

/** How long a download should take: “about 8 min”; nothing until one has been seen. */
export const time = (size) => {
  const speed = Number(localStorage.getItem(SPEED));
  return speed && size ? `about ${seconds(size / speed)}` : "";
};

/** “Get it (8.1 GB, about 12 min)” */
export const getWords = (size) => {
  const about = [size ? bytes(size) : "", time(size)].filter(Boolean).join(", ");
  return about ? `Get it (${about})` : "Get it";
};

const licence = ({ licence: terms }) => html`<p class="licence ${terms.commercial ? "free" : "not"}">
  ${terms.url ? html`<a href="${terms.url}" target="_blank" rel="noopener noreferrer">${terms.name}</a>` : terms.name}
  <span>${terms.commercial ? "may be used for clients" : "not cleared for client work"}</span></p>`;

const need = (model) => Math.min(...Object.values(model.memory));

const size = (model) => [
  model.installed ? (model.disk_bytes ? `${bytes(model.disk_bytes)} on disk` : "") : (model.download_bytes ? `${bytes(model.download_bytes)} to get` : ""),
  Object.keys(model.memory).length ? `${bytes(need(model))} in memory` : "",
].filter(Boolean).join(" · ");

const held = (model) => model.loaded.length > 0 && html`<p class="held">${icon("check")}<span>In memory on ${[...new Set(model.loaded.map((one) => one.device))].join(", ")}:
  ${bytes(model.loaded.reduce((sum, one) => sum + one.bytes, 0))}${model.loaded.some((one) => one.in_use) && ", in use now"}</span></p>`;

/** A download under way: the words and the bar are filled in by ``pulse``, so that its buttons keep their focus. */
const progress = (job) => html`<div class="fetch" data-job="${job.id}">
  <p class="words" aria-live="off"></p><span class="meter"><i></i></span>
  <div class="acts">
    ${job.can_pause && html`<button type="button" class="step" data-do="pause">Pause</button>`}
    ${job.can_resume && html`<button type="button" class="step first" data-do="resume">${icon("down")}Go on</button>`}
    ${job.can_cancel && html`<button type="button" class="step" data-do="stop">Stop</button>`}
  </div></div>`;

/** Fill in how far a download is. */
export function pulse(card, job) {
  const box = card.querySelector(".fetch");
  if (!box) return;
  const { bytes: done, bytes_total: total, bytes_per_second: speed } = job.facts ?? {};
  const pace = speed && job.state === "running" ? ` · ${bytes(speed)}/s` : "";
  box.querySelector(".words").textContent = capital(job.words) + pace;
  const part = job.fraction ?? (total ? done / total : null);
  const meter = box.querySelector(".meter");
  meter.classList.toggle("waiting", part === null && job.state !== "queued" && job.state !== "paused");
  if (part !== null || job.state === "paused") meter.firstElementChild.style.width = `${Math.round(100 * (part ?? 0))}%`;
}

/** What went wrong; of a refusal only that: what to do about it stands above. */
const failure = ({ error }) => html`<p class="failed">${(refused.has(error.code) ? [error.what] : [error.what, error.why, error.next]).filter(Boolean).join(" ")}</p>`;

const removing = (model) => {
  if (model.in_place || !model.installed) return "Forget";
  return "Remove";
};

const acts = (model, { job, may, room }) => {
  if (job) return progress(job);
  const short = !model.installed && model.download_bytes > room;
  return html`<div class="acts">
    ${!model.installed && (model.pages.length > 0
      ? html`<button type="button" class="step first" data-do="get" ${short ? "disabled" : ""}>${icon("down")}${getWords(model.download_bytes)}</button>`
      : html`<span class="bare">${model.starter ? "Comes with the next start." : "Its files are gone."}</span>`)}
    ${short && html`<span class="warn">${bytes(room)} free: not enough room.</span>`}
    ${may && model.removable && html`<button type="button" class="step" data-do="remove">${icon("trash")}${removing(model)}</button>`}
  </div>`;
};

const refused = new Set(["gated", "bad_token"]);

const gated = (model, broken) => !model.installed && (model.gated || refused.has(broken?.error?.code)) && html`<p class="gate">Its makers ask for consent first: accept the terms
  ${model.consent_pages.map((page, at) => html`${at > 0 && " and "}on <a href="${page}" target="_blank" rel="noopener noreferrer">${page.split("/").slice(-2).join("/")}</a>`)}, then
  <button type="button" class="link" data-do="access">paste an access token</button>.</p>`;

const badges = (model) => html`${model.starter && html`<em title="A small model for first tries, on any machine">sketch</em>`}
  ${model.own && html`<em>added here</em>`}${model.in_place && html`<em>used in place</em>`}
  ${model.gated && html`<em>asks for consent</em>`}`;

/** ``about`` = {job, failed, may, room}: its download, the last one that failed, whether one may change things, free disk. */
export const card = (model, about) => html`<li class="model ${model.installed ? "here" : ""}" data-model="${model.id}">
  <div class="who"><h4>${model.name}</h4>${badges(model)}${model.installed && html`<span class="have">${icon("check")}installed</span>`}</div>
  <p class="use">${model.use}</p>
  ${licence(model)}
  <p class="fit ${model.fit.state}"><i aria-hidden="true"></i>${model.fit.words}</p>
  <p class="size">${size(model)}</p>
  ${model.load_words && html`<p class="size">${model.load_words}</p>`}
  ${held(model)}${gated(model, about.failed)}
  ${about.failed && !about.job && failure(about.failed)}
  ${acts(model, about)}
  <p class="proof">${model.verified_words}</p></li>`;
