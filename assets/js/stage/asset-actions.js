// The actions of a result, wherever it is shown: the next steps and the common ones.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { dataOf, html } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { mergeJob, pollNow } from "../core/job-poller.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { NameTables } from "../types/page.js"
 */

/** @typedef {Events["changed"]["asset"]} Changed */

/** The next steps for each kind of result: the task and its label. An action that opens a form ends in “…”. */
/** @type {Record<string, [task: string, name: string, icon: string][]>} */
const steps = {
  image: [["upscale_image", "Enlarge…", "up"], ["animate_image", "Animate…", "clip"]],
  clip: [["continue_clip", "Continue…", "right"], ["restyle_clip", "Restyle…", "make"], ["upscale_clip", "Enlarge…", "up"], ["interpolate_clip", "Frame rate…", "clip"], ["deliver_clip", "Deliver…", "out"]],
  sound: [],
  subtitles: [],
};

/** More steps, only in the menu. @type {typeof steps} */
const moreSteps = {
  clip: [["cut_clip", "Cut…", "cut"], ["join_clips", "Join…", "plus"], ["grade_clip", "Color…", "lut"], ["add_sound", "Sound…", "sound"]],
  sound: [["add_sound", "Put under a clip…", "clip"]],
};

/**
 * Whether a tab has a form for a task, loaded or not.
 * @param {string} task
 */
const offered = (task) => window.C41.offered.includes(task);

/**
 * @param {string} act
 * @param {string} name
 * @param {string} glyph
 * @param {{ look?: string, task?: string }} [options] ``look``: first, wide (not on a phone), narrow (only on a phone)
 */
const button = (act, name, glyph, { look = "", task = "" } = {}) =>
  html`<button type="button" class="step ${look}" data-do="${act}" data-task="${task}">${icon(glyph)}${name}</button>`;

/**
 * ``bare``: an icon whose name shows on hover.
 * @param {AssetView} asset
 * @param {boolean} [bare]
 */
const star = (asset, bare = false) => html`<button type="button" class="step star ${bare && "bare"}" data-do="keep" aria-pressed="${String(Boolean(asset.favorite))}"
  aria-label="Favorite" title="${asset.favorite ? "Remove from favorites" : "Add to favorites"} (F)">${icon("star")}${!bare && "Favorite"}</button>`;

/** @param {AssetView} asset */
const download = (asset) => html`<a class="step" href="${api.fileOf(asset.id)}?download=1" download>${icon("down")}Download</a>`;

/**
 * A copy for a client: without prompts and settings, named after the project. Not for texts, LoRAs and LUTs, nor for
 * what a check of a voice-over found; image sequences have none of either.
 * @param {AssetView} asset
 */
const clientDownload = (asset, look = "") => !["document", "lora", "lut"].includes(asset.kind) && asset.mime !== "application/zip" && html`<a class="step ${look}" href="${api.fileOf(asset.id)}?download=1&clean=1" download
  title="Without prompts and settings, named after the project">${icon("down")}Download for client</a>`;

/** The forms that edit a result, the preferred one first: by prompt, otherwise by mask. */
/** @type {Record<string, string[]>} */
const editors = { image: ["edit_image", "fill_image"], clip: ["edit_clip", "fill_clip"] };

/**
 * The form that edits a result.
 * @param {AssetView} asset
 */
const fixing = (asset) => editors[asset.kind]?.find((task) => offered(task)) ?? null;

/**
 * Whether the asset can be made again with another seed.
 * @param {AssetView} asset
 */
const varies = (asset) => ["image", "clip"].includes(asset.kind) && asset.origin === "made" && "seed" in (asset.provenance?.request ?? {}) && offered(asset.provenance?.request.task);

/**
 * The tasks that take a result further, limited to what is installed.
 * @param {AssetView} asset
 * @returns {[task: string, name: string, icon: string][]}
 */
const nextSteps = (asset) => {
  const fix = fixing(asset);
  return [...(steps[asset.kind] ?? []).filter(([task]) => offered(task)), ...(fix ? [/** @type {[string, string, string]} */ ([fix, "Edit…", "pen"])] : [])];
};

/** @param {AssetView} asset */
const wasMade = (asset) => asset.origin === "made" && asset.provenance;

/**
 * The buttons under a result; the rest is in the menu with the id ``more``. A phone has the next steps there, too.
 * @param {AssetView} asset
 * @param {string} more
 */
export const resultButtons = (asset, more) => html`<div class="steps" role="group" aria-label="Next steps">
    ${varies(asset) && button("vary", "Vary", "make", { look: "first" })}
    ${nextSteps(asset).map(([task, name, glyph]) => button("use", name, glyph, { look: "first wide", task }))}
    ${asset.kind === "sound" && wasMade(asset) && button("reuse", "Reuse settings", "again", { look: "first wide" })}
    ${download(asset)}${clientDownload(asset, "wide")}${star(asset, true)}
    ${(wasMade(asset) || nextSteps(asset).length > 0) && html`<button type="button" class="step bare" popovertarget="${more}" aria-haspopup="true" aria-expanded="false" aria-label="More actions" title="More actions">${icon("more")}</button>`}
    ${asset.mine && html`<button type="button" class="step away" data-do="remove" aria-label="Delete" title="Delete (Del)">${icon("trash")}<span>Delete</span></button>`}
  </div>`;

/**
 * The less frequent actions of a result, for its menu.
 * @param {AssetView} asset
 */
export const moreActions = (asset) => html`
  ${clientDownload(asset, "narrow")}
  ${nextSteps(asset).map(([task, name, glyph]) => button("use", name, glyph, { look: "narrow", task }))}
  ${(moreSteps[asset.kind] ?? []).filter(([task]) => offered(task)).map(([task, name, glyph]) => button("use", name, glyph, { task }))}
  ${nextSteps(asset).length > 0 && button("use", "Use as input…", "reuse")}
  ${asset.kind === "image" && asset.parents?.length > 0 && button("compare", "Compare", "compare")}
  ${wasMade(asset) && button("reuse", "Reuse settings", "again", { look: asset.kind === "sound" ? "narrow" : "" })}
  ${wasMade(asset) && button("reproduce", "Reproduce", "same")}`;

/**
 * All actions of an asset; ``tasks`` has the names of the forms and the kinds they take.
 * @param {AssetView} asset
 * @param {NameTables["tasks"]} tasks
 */
export const detailButtons = (asset, tasks) => {
  const fetched = asset.kind === "lora"; // never made by a form
  const made = asset.origin === "made" && asset.provenance && !fetched;
  const takers = Object.entries(tasks).filter(([, { takes }]) => takes.includes(asset.kind));
  return html`<div class="steps" role="group" aria-label="Next steps">
    ${star(asset)}
    ${made && button("reuse", "Reuse settings", "again", { look: "first" })}
    ${made && button("reproduce", "Reproduce", "same")}
    ${download(asset)}
    ${clientDownload(asset)}
    ${asset.mine && button("remove", "Delete", "trash")}
  </div>${takers.length > 0 && html`<div class="steps" role="group" aria-label="Use as input for"><span class="as">Use as input for</span>
    ${takers.map(([task, { button: name }]) => button("use", name, "reuse", { task }))}</div>`}`;
};

/**
 * Add an asset to favorites, or remove it.
 * @param {AssetView} asset
 */
async function keep(asset) {
  try {
    emit("changed", { asset: await api.patch(`assets/${asset.id}`, { favorite: !asset.favorite }) });
  } catch (error) { failed(error); }
}

/** @param {Changed} asset */
export async function restoreAsset(asset) {
  try {
    await api.post(`assets/${asset.id}/restore`);
    emit("changed", { asset, back: true });
    toast("Restored.");
  } catch (error) { failed(error); }
}

/** @param {AssetView} asset */
export async function deleteAsset(asset) {
  try {
    await api.remove(`assets/${asset.id}`);
    emit("changed", { asset, gone: true });
    toast("Deleted.", { act: { label: "Undo", run: () => restoreAsset(asset) } });
  } catch (error) { failed(error); }
}

/** @param {AssetView} asset */
async function reproduce(asset) {
  try {
    const job = await api.post(`assets/${asset.id}/reproduce`);
    mergeJob(job);
    emit("show", { job });
    pollNow();
  } catch (error) { failed(error); }
}

/**
 * Make it again with a new seed.
 * @param {AssetView} asset
 */
async function vary(asset) {
  const { version, ...request } = asset.provenance?.request ?? {};
  try {
    const job = await api.post("jobs", { request: { ...request, seed: null }, project_id: project.id ?? undefined });
    mergeJob(job);
    emit("show", { job });
    pollNow();
  } catch (error) { failed(error); }
}

/**
 * The handlers of these buttons, for an element that shows ``current()``.
 * @param {() => AssetView} current
 * @param {() => void} [done] called when the action replaces the asset on the page
 * @returns {Record<string, (target: HTMLElement) => unknown>}
 */
export const actionHandlers = (current, done = () => {}) => ({
  use: (target) => { emit("use", { asset: current(), task: dataOf(target).task }); done(); },
  reuse: () => { emit("reuse", { asset: current() }); done(); },
  reproduce: () => { reproduce(current()); done(); },
  remove: () => { deleteAsset(current()); done(); },
  keep: () => keep(current()),
  vary: () => vary(current()),
});

/** @param {string} id */
export async function cancelJob(id) {
  try { mergeJob(await api.post(`jobs/${id}/cancel`)); } catch (error) { failed(error); }
  pollNow();
}

/**
 * Pause or resume a job.
 * @param {string} id
 * @param {"pause" | "resume"} what
 */
export async function pauseOrResume(id, what) {
  try { mergeJob(await api.post(`jobs/${id}/${what}`)); } catch (error) { failed(error); }
  pollNow();
}

/** @param {string} id */
export async function retryJob(id) {
  try {
    const job = await api.post(`jobs/${id}/retry`);
    mergeJob(job);
    emit("show", { job });
  } catch (error) { failed(error); }
  pollNow();
}

/**
 * Show an asset on the stage of its tab.
 * @param {string} id
 */
export async function showAsset(id) {
  try {
    const asset = await api.asset(id);
    emit("show", { asset: asset.provenance?.check ? await api.asset(asset.provenance.request.sound) : asset }); // a check is shown with its sound
  } catch (error) { failed(error); }
}
