// Choose a LoRA from the library, or add one: one dialog for the whole page.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { dataOf, fieldOf, fieldsOf, find, formOf, html, onAction, query, render, renderChanged } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { mergeJob, pollNow } from "../core/job-poller.js";
import { showModal } from "../core/layers.js";
import { project } from "../core/project.js";
import { thumbnail } from "../core/thumbnail.js";
import { extraFolders } from "../models/extra-folders.js";

/**
 * @import { AssetView, LoraView } from "../types/api.js"
 * @import { ModelFit } from "../types/page.js"
 */

/** @typedef {{ model: ModelFit }} Editor */

/** @typedef {Record<string, HTMLInputElement>} Fields */

const PAUSE = 200; // ms after the last key before the search starts

const sources = [["file", "A file"], ["hub", "Hugging Face"], ["folder", "A folder"]];

const forms = {
  file: () => html`<label>A .safetensors file on this device <input type="file" name="file" accept=".safetensors" required></label>
    <button type="submit" class="step first">Upload</button>`,
  hub: () => html`<label>Hugging Face name, as in <code>owner/name</code> <input name="repo" required maxlength="200" autocomplete="off" spellcheck="false"></label>
    <button type="submit" class="step first">Look up</button>`,
  folder: () => html`<label>Folder on the studio's computer (owners only) <input name="folder" required maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/ComfyUI/models/loras"></label>
    <button type="submit" class="step first">Scan</button>`,
};

/** @type {HTMLDialogElement | undefined} */
let dialog;

/**
 * The current choice and its editor.
 * @typedef {object} Picking
 * @property {Editor} editor
 * @property {Set<string>} taken the ids the editor already has
 * @property {(asset: AssetView) => void} done
 * @property {LoraView[]} loras the results
 * @property {string} q the search
 * @property {"file" | "hub" | "folder"} from the source to add from
 * @property {ReturnType<typeof setTimeout>} [typing]
 */

/** @type {Picking} */
let picking;

/** The dialog, once it exists. */
const open = () => /** @type {HTMLDialogElement} */ (dialog);

/**
 * Let a person choose a LoRA that fits ``editor.model`` ({families, else}) and is not ``taken``; ``done`` gets the asset.
 * @param {Editor} editor
 * @param {string[]} taken
 * @param {(asset: AssetView) => void} done
 */
export function pickLora(editor, taken, done) {
  dialog ??= build();
  picking = { editor, taken: new Set(taken), done, loras: [], q: "", from: "file" };
  render(open(), html`<div class="part"><header><h2 id="loras-pick-title">Choose a LoRA</h2>
      <button type="button" class="quiet" data-do="close" aria-label="Close">${icon("x")}</button></header>
    <label class="loras-find"><span class="visually-hidden">Search</span><input type="search" name="q" maxlength="200" autocomplete="off" placeholder="Search"></label>
    <ul class="loras-found" aria-live="polite"></ul>
    <details><summary>Add a LoRA</summary>${adding()}</details></div>`);
  source();
  showModal(open());
  list();
}

/** Let a person add a LoRA to the library. */
export function addLora() {
  dialog ??= build();
  picking = { editor: { model: {} }, taken: new Set(), done: () => {}, loras: [], q: "", from: "file" };
  render(open(), html`<div class="part"><header><h2 id="loras-pick-title">Add a LoRA</h2>
      <button type="button" class="quiet" data-do="close" aria-label="Close">${icon("x")}</button></header>${adding()}</div>`);
  source();
  showModal(open());
}

/** The form to add a LoRA with. */
const adding = () => html`<fieldset class="choice"><legend class="visually-hidden">From where</legend>${sources.map(([from, name]) =>
  html`<label><input type="radio" name="loras-from" value="${from}" ${from === "file" ? "checked" : ""}><span>${name}</span></label>`)}</fieldset>
  <form></form><div class="loras-answer" aria-live="polite"></div>`;

/**
 * The editor's model changed: sort the LoRAs that fit it first.
 * @param {Editor} editor
 */
export function updatePicker(editor) {
  if (dialog?.open && picking.editor === editor) draw();
}

function build() {
  const made = Object.assign(document.createElement("dialog"), { className: "loras-pick" });
  made.setAttribute("aria-labelledby", "loras-pick-title");
  document.body.append(made);
  onAction(made, {
    close: () => made.close(),
    take: (button) => take(dataOf(button).asset),
    get: (button) => busy("Starting the download …", () => download(dataOf(button).repo, dataOf(button).file)),
    import: (button) => busy("Reading …", async () => added(await api.post("loras/import", { path: dataOf(button).path, project_id: project.id }))),
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  made.addEventListener("change", (event) => { if (fieldOf(event).name === "loras-from") { picking.from = /** @type {Picking["from"]} */ (fieldOf(event).value); source(); } });
  made.addEventListener("input", (event) => {
    const target = fieldOf(event);
    if (target.name !== "q") return;
    clearTimeout(picking.typing);
    picking.typing = setTimeout(() => { picking.q = target.value.trim(); list(); }, PAUSE);
  });
  made.addEventListener("submit", (event) => { event.preventDefault(); bring[picking.from](fieldsOf(formOf(event))); });
  on("finished", (job) => made.open && job.task === "fetch_lora" && list());
  return made;
}

// -- the list

/**
 * Whether a LoRA is for one of a model's ``families``; true until they are known.
 * @param {ModelFit} model
 * @param {{ family: string | null }} lora
 */
export const fits = ({ families }, lora) => !families || (lora.family !== null && families.includes(lora.family));

/** Load the LoRAs to choose from; there are none if one is only added. */
async function list() {
  if (!query(open(), ".loras-found")) return;
  const asked = picking;
  try {
    const { loras } = await api.get(`loras?${api.query({ q: picking.q })}`);
    if (asked !== picking) return;
    picking.loras = loras.filter((one) => !picking.taken.has(one.id));
    draw();
  } catch (error) { answer(html`<p class="wrong" role="alert">${api.messageOf(error)}</p>`); }
}

function draw() {
  const { model } = picking.editor;
  /** @param {LoraView} lora */
  const can = (lora) => Number(!lora.obstacle && fits(model, lora));
  const loras = picking.loras.toSorted((a, b) => can(b) - can(a));
  renderChanged(find(open(), ".loras-found"), loras.length ? html`${loras.map(line)}`
    : html`<li class="bare">${picking.q ? "No matches." : "No LoRAs yet. Add one below."}</li>`);
}

/** @param {LoraView} lora */
function line(lora) {
  const { model } = picking.editor;
  const why = lora.obstacle || (fits(model, lora) ? "" : model.else);
  return html`<li class="${why ? "off" : ""}"><button type="button" data-do="take" data-asset="${lora.id}" ${why ? html`disabled` : ""}>
    <span class="face">${thumbnail({ ...lora, kind: "lora" })}</span><span class="loras-name"><b>${lora.title}</b>
    <small>${[lora.family_name || "Unknown family", lora.rank && `rank ${lora.rank}`, ...lora.triggers].filter(Boolean).join(" · ")}</small>${why && html`<small class="loras-misfit">${why}</small>`}</span></button></li>`;
}

/** @param {string} id */
async function take(id) {
  try {
    picking.done(await api.asset(id));
    open().close();
  } catch (error) { answer(html`<p class="wrong" role="alert">${api.messageOf(error)}</p>`); }
}

// -- adding a LoRA

/** @param {unknown} markup */
const answer = (markup) => render(find(open(), ".loras-answer"), markup);

function source() {
  render(find(open(), "form", HTMLFormElement), forms[picking.from]());
  answer("");
}

/**
 * Run an action, and show errors under the form.
 * @param {string} words
 * @param {() => Promise<unknown>} what
 */
async function busy(words, what) {
  answer(html`<p class="bare">${words}</p>`);
  try { await what(); } catch (error) { answer(html`<p class="wrong" role="alert">${api.messageOf(error)}</p>`); }
}

/** @param {AssetView} asset */
function added(asset) {
  emit("changed", { asset, back: true });
  answer(html`<p class="bare">“${asset.title}” added to the library. ${asset.lora?.obstacle || asset.lora?.note || ""}</p>`);
  list();
}

/**
 * @param {string} repo
 * @param {string} file
 */
async function download(repo, file) {
  mergeJob(await api.post("loras/get", { repo, file, project_id: project.id }));
  pollNow();
  answer(html`<p class="bare">Downloading. The queue shows the progress.</p>`);
}

/**
 * @param {string} name
 * @param {string} detail
 * @param {unknown} act
 */
const item = (name, detail, act) => html`<li><span class="loras-name"><b>${name}</b><small>${detail}</small></span>${act}</li>`;

const bring = {
  /** @param {Fields} fields */
  file({ file }) {
    const [chosen] = file.files ?? [];
    busy("Uploading …", async () => added(await api.upload(chosen, project.id, (part) => answer(html`<p class="bare">Uploading … ${Math.round(100 * part)} %</p>`)).done));
  },
  /** @param {Fields} fields */
  hub({ repo }) {
    busy("Looking it up …", async () => {
      const found = await api.get(`loras/look?${api.query({ repo: repo.value.trim() })}`);
      answer(found.files.length ? html`<ul class="loras-files">${found.files.map((one) => item(one.path, formatBytes(one.size),
        html`<button type="button" class="step" data-do="get" data-repo="${found.repo}" data-file="${one.path}">Download</button>`))}</ul>`
        : html`<p class="wrong" role="alert">It contains no LoRA in a safe format.</p>`);
    });
  },
  /** @param {Fields} fields */
  folder({ folder }) {
    busy("Scanning …", async () => {
      const found = await api.post("loras/scan", { folder: folder.value.trim() });
      answer(html`${extraFolders(found.extra)}${found.items.length ? html`<ul class="loras-files">${found.items.map((one) => item(one.name, [one.family_name, formatBytes(one.bytes), one.obstacle].filter(Boolean).join(" · "),
        html`<button type="button" class="step" data-do="import" data-path="${one.path}" ${one.obstacle ? html`disabled` : ""}>Add</button>`))}</ul>`
        : html`<p class="bare">No LoRAs found in this folder.</p>`}`);
    });
  },
};
