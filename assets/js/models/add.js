// Add a model: by its Hugging Face name, from a file, or from another program's folder.

import * as api from "../core/api.js";
import { whileBusy } from "../core/busy.js";
import { dataOf, fieldOf, fieldsOf, find, findFields, formOf, html, onAction, query, render } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { toast } from "../core/toast.js";
import { extraFolders } from "./extra-folders.js";

/** @import { RepositoryView, ModelCard } from "../types/api.js" */

/** @typedef {{ path: string, name: string, what: string, why: string, bytes: number, usable: boolean }} Found a file in a folder */

const ways = [["name", "Hugging Face"], ["file", "A file"], ["folder", "A folder"]];

const forms = {
  name: () => html`<p class="bare">The name on a model's page, as in <code>owner/name</code>, or its whole address.</p>
    <label>Name <input name="repo" required maxlength="300" autocomplete="off" spellcheck="false" placeholder="Qwen/Qwen3-4B-Instruct-2507"></label>
    <button type="submit" class="step first">Look up</button>`,
  file: () => html`<p class="bare">A .safetensors or .gguf file. It is read, never run. Other file types are refused.</p>
    <label>Path on the studio's computer <input name="path" maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/models/film-look.safetensors"></label>
    <p class="or">or</p><label>From this device <input type="file" name="bring" accept=".safetensors,.gguf"></label>
    <button type="submit" class="step first">Add model</button>`,
  folder: () => html`<p class="bare">The models folder of ComfyUI, A1111 or another program. Nothing is copied or changed: files are used in place. Folders listed in ComfyUI's <code>extra_model_paths.yaml</code> are scanned too.</p>
    <label>Folder on the studio's computer <input name="folder" required maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/ComfyUI/models"></label>
    <button type="submit" class="step first">Scan</button>`,
};

export class AddModelDialog {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {() => void} changed
   */
  constructor(dialog, changed) {
    this.dialog = dialog;
    this.changed = changed;
    /** @type {"name" | "file" | "folder"} */
    this.way = "name";
    this.submits = {
      name: (/** @type {HTMLFormElement} */ form) => this.name(form),
      file: (/** @type {HTMLFormElement} */ form) => this.file(form),
      folder: (/** @type {HTMLFormElement} */ form) => this.folder(form),
    };
    onAction(dialog, {
      close: () => dialog.close(),
      enter: (target) => this.enter({ repo: dataOf(target).repo, file: target.dataset.file ?? "" }),
      use: () => this.use(),
    });
    dialog.addEventListener("change", (event) => { if (fieldOf(event).name === "models-way") { this.way = /** @type {"name" | "file" | "folder"} */ (fieldOf(event).value); this.draw(); } });
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.submits[this.way](formOf(event)); });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open() {
    this.draw();
    showModal(this.dialog);
  }

  draw() {
    render(this.dialog, html`<header><h2 id="models-add-title">Add a model</h2>
      <button type="button" class="quiet shut" data-do="close" aria-label="Close">${icon("x")}</button></header>
      <fieldset class="choice"><legend class="visually-hidden">From where</legend>${ways.map(([way, name]) =>
        html`<label><input type="radio" name="models-way" value="${way}" ${way === this.way ? "checked" : ""}><span>${name}</span></label>`)}</fieldset>
      <form>${forms[this.way]()}</form><div class="answer" aria-live="polite"></div>`);
    query(this.dialog, "form input", HTMLInputElement)?.focus();
  }

  /** @param {unknown} markup */
  answer(markup) { render(find(this.dialog, ".answer"), markup); }

  /**
   * Run an action with the form busy, and show errors below it.
   * @param {string} words
   * @param {() => Promise<unknown>} what
   */
  async busy(words, what) {
    await whileBusy(find(this.dialog, "form [type=submit]"), async () => {
      this.answer(html`<p class="bare">${words}</p>`);
      try {
        await what();
      } catch (error) {
        this.answer(html`<p class="wrong" role="alert">${api.messageOf(error)}</p>`);
      }
    });
  }

  // -- by name

  /** @param {HTMLFormElement} form */
  name(form) {
    const repo = fieldsOf(form).repo.value.trim();
    this.busy("Looking it up …", async () => {
      const look = await api.get(`models/look?${api.query({ repo })}`);
      this.answer(look.files.length ? this.choose(look) : this.showRepository(look));
    });
  }

  /** @param {RepositoryView} look */
  showRepository(look) {
    const terms = look.license;
    return html`<div class="found"><h3>${look.name}</h3>
      <p>${look.use} ${look.download_bytes > 0 && html`<b>${formatBytes(look.download_bytes)}</b> download.`}</p>
      ${terms && html`<p class="license ${terms.commercial ? "free" : "not"}">${terms.name} <span>${terms.commercial ? "cleared for client work" : "not cleared for client work"}</span></p>`}
      ${look.gated && html`<p class="bare">Gated model: accept its license on its page first.</p>`}
      <button type="button" class="step first" data-do="enter" data-repo="${look.repo}">Add model</button></div>`;
  }

  /** @param {RepositoryView} look */
  choose(look) {
    return html`<p class="bare">The same model, compressed to different sizes. A larger file gives better results; a smaller one is faster and needs less memory.</p>
      <ul class="lines">${look.files.map((one) => html`<li><span class="who"><b>${one.file}</b><small>${formatBytes(one.bytes)}</small></span>
        <button type="button" class="step" data-do="enter" data-repo="${look.repo}" data-file="${one.file}">Add model</button></li>`)}</ul>`;
  }

  /** @param {{ repo?: string, file?: string }} what */
  enter(what) {
    this.busy("Adding …", async () => this.done(await api.post("models/add", what)));
  }

  // -- a file

  /** @param {HTMLFormElement} form */
  file(form) {
    const { path, bring } = fieldsOf(form), [file] = bring.files ?? [];
    if (!path.value.trim() && !file) return path.focus();
    if (path.value.trim()) return void this.busy("Reading …", async () => this.done(await api.post("models/add", { path: path.value.trim() })));
    this.busy("Uploading …", async () => this.done(await this.send(file)));
  }

  /** @param {File} file */
  send(file) {
    const path = /** @type {const} */ (`models/bring?${api.query({ name: file.name })}`);
    return api.send(path, file, (part) => this.answer(html`<p class="bare">Uploading … ${Math.round(100 * part)} %</p>`)).done;
  }

  // -- a folder

  /** @param {HTMLFormElement} form */
  folder(form) {
    const folder = fieldsOf(form).folder.value.trim();
    this.busy("Scanning …", async () => {
      const found = await api.post("models/scan", { folder });
      /** @type {Found[]} */
      const items = found.items;
      const can = items.filter((item) => item.usable);
      const cannot = items.filter((item) => !item.usable);
      this.answer(html`<p><b>${can.length}</b> usable, ${cannot.length} not usable${found.more && "; the folder has more files than were scanned"}.</p>${extraFolders(found.extra)}
        ${can.length > 0 && html`<ul class="lines ticks">${can.map((item) => html`<li><label><input type="checkbox" name="use" value="${item.path}" checked>
          <span class="who"><b>${item.name}</b><small>${item.what} · ${formatBytes(item.bytes)}</small></span></label></li>`)}</ul>
          <button type="button" class="step first" data-do="use">Use these</button>`}
        ${cannot.length > 0 && html`<details><summary>Files that cannot be used, and why</summary><ul class="lines">${cannot.map((item) =>
          html`<li><span class="who"><b>${item.name}</b><small>${item.what} · ${formatBytes(item.bytes)}. ${item.why}</small></span></li>`)}</ul></details>`}`);
    });
  }

  use() {
    const paths = findFields(this.dialog, "[name=use]:checked").map((box) => box.value);
    this.busy("Adding …", async () => {
      for (const path of paths) await api.post("models/add", { path });
      this.changed();
      toast(paths.length === 1 ? "1 model added." : `${paths.length} models added.`);
      this.dialog.close();
    });
  }

  /** @param {ModelCard} model */
  done(model) {
    this.changed();
    toast(model.installed ? `${model.name} is ready.` : `${model.name} is on the list. Download it when you like.`);
    this.dialog.close();
  }
}
