// Adding a model: by its name on Hugging Face, from a file, or out of the folder another program keeps.

import * as api from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { extraFolders } from "./extra-folders.js";
import { showModal } from "./layers.js";
import { toast } from "./toast.js";
import { bytes } from "./words.js";

const ways = [["name", "Hugging Face"], ["file", "A file"], ["folder", "A folder"]];

const forms = {
  name: () => html`<p class="bare">The name on a model's page, as in <code>owner/name</code>, or its whole address.</p>
    <label>Name <input name="repo" required maxlength="300" autocomplete="off" spellcheck="false" placeholder="Qwen/Qwen3-4B-Instruct-2507"></label>
    <button type="submit" class="step first">Look</button>`,
  file: () => html`<p class="bare">A .safetensors or .gguf file. It is read, never run; other kinds are not opened.</p>
    <label>Path on the studio's machine <input name="path" maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/models/film-look.safetensors"></label>
    <p class="or">or</p><label>From this device <input type="file" name="bring" accept=".safetensors,.gguf"></label>
    <button type="submit" class="step first">Add it</button>`,
  folder: () => html`<p class="bare">The models folder of ComfyUI or A1111, or any other. Nothing is copied or changed: the files are used where they lie. The folders that ComfyUI's <code>extra_model_paths.yaml</code> names are looked through, too.</p>
    <label>Folder on the studio's machine <input name="folder" required maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/ComfyUI/models"></label>
    <button type="submit" class="step first">Look</button>`,
};

export class Adding {
  constructor(dialog, changed) {
    this.dialog = dialog;
    this.changed = changed;
    this.way = "name";
    doing(dialog, {
      close: () => dialog.close(),
      enter: (target) => this.enter({ repo: target.dataset.repo, file: target.dataset.file ?? "" }),
      use: () => this.use(),
    });
    dialog.addEventListener("change", (event) => { if (event.target.name === "models-way") { this.way = event.target.value; this.draw(); } });
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this[this.way](event.target); });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open() {
    this.draw();
    showModal(this.dialog);
  }

  draw() {
    fill(this.dialog, html`<header><h2 id="models-add-title">Add a model</h2>
      <button type="button" class="quiet shut" data-do="close" aria-label="Close">${icon("x")}</button></header>
      <fieldset class="choice"><legend class="visually-hidden">From where</legend>${ways.map(([way, name]) =>
        html`<label><input type="radio" name="models-way" value="${way}" ${way === this.way ? "checked" : ""}><span>${name}</span></label>`)}</fieldset>
      <form>${forms[this.way]()}</form><div class="answer" aria-live="polite"></div>`);
    this.dialog.querySelector("form input")?.focus();
  }

  answer(markup) { fill(this.dialog.querySelector(".answer"), markup); }

  /** Do something with the form shut, and say what went wrong under it. */
  async busy(words, what) {
    const button = this.dialog.querySelector("form [type=submit]");
    if (button) button.disabled = true;
    this.answer(html`<p class="bare">${words}</p>`);
    try {
      await what();
    } catch (error) {
      this.answer(html`<p class="wrong" role="alert">${error.message}</p>`);
    } finally {
      if (button) button.disabled = false;
    }
  }

  // -- by name

  name(form) {
    const repo = form.elements.repo.value.trim();
    this.busy("Looking …", async () => {
      const look = await api.get(`models/look?${api.query({ repo })}`);
      this.answer(look.files.length ? this.choose(look) : this.found(look));
    });
  }

  found(look) {
    const terms = look.licence;
    return html`<div class="found"><h3>${look.name}</h3>
      <p>${look.use} ${look.download_bytes > 0 && html`<b>${bytes(look.download_bytes)}</b> to get.`}</p>
      <p class="licence ${terms.commercial ? "free" : "not"}">${terms.name} <span>${terms.commercial ? "may be used for clients" : "not cleared for client work"}</span></p>
      ${look.gated && html`<p class="bare">Its makers ask for consent first.</p>`}
      <button type="button" class="step first" data-do="enter" data-repo="${look.repo}">Add it</button></div>`;
  }

  choose(look) {
    return html`<p class="bare">The same model, pressed more or less: a larger file writes better, a smaller one is quicker and needs less memory.</p>
      <ul class="lines">${look.files.map((one) => html`<li><span class="who"><b>${one.file}</b><small>${bytes(one.bytes)}</small></span>
        <button type="button" class="step" data-do="enter" data-repo="${look.repo}" data-file="${one.file}">Add it</button></li>`)}</ul>`;
  }

  enter(what) {
    this.busy("Adding …", async () => this.done(await api.post("models/add", what)));
  }

  // -- a file

  file(form) {
    const { path, bring } = form.elements;
    const file = bring.files[0];
    if (!path.value.trim() && !file) return path.focus();
    if (path.value.trim()) return void this.busy("Reading …", async () => this.done(await api.post("models/add", { path: path.value.trim() })));
    this.busy("Sending …", async () => this.done(await this.send(file)));
  }

  async send(file) {
    const { done } = api.upload(file, null, (part) => this.answer(html`<p class="bare">Sending … ${Math.round(100 * part)} %</p>`), `models/bring?${api.query({ name: file.name })}`);
    return done;
  }

  // -- a folder

  folder(form) {
    const folder = form.elements.folder.value.trim();
    this.busy("Looking through it …", async () => {
      const found = await api.post("models/scan", { folder });
      const can = found.items.filter((item) => item.usable);
      const cannot = found.items.filter((item) => !item.usable);
      this.answer(html`<p><b>${can.length}</b> can be used here, ${cannot.length} not${found.more && "; there is more than was looked at"}.</p>${extraFolders(found.extra)}
        ${can.length > 0 && html`<ul class="lines ticks">${can.map((item) => html`<li><label><input type="checkbox" name="use" value="${item.path}" checked>
          <span class="who"><b>${item.name}</b><small>${item.what} · ${bytes(item.bytes)}</small></span></label></li>`)}</ul>
          <button type="button" class="step first" data-do="use">Use these</button>`}
        ${cannot.length > 0 && html`<details><summary>What cannot be used, and why</summary><ul class="lines">${cannot.map((item) =>
          html`<li><span class="who"><b>${item.name}</b><small>${item.what} · ${bytes(item.bytes)}. ${item.why}</small></span></li>`)}</ul></details>`}`);
    });
  }

  use() {
    const paths = [...this.dialog.querySelectorAll("[name=use]:checked")].map((box) => box.value);
    this.busy("Adding …", async () => {
      for (const path of paths) await api.post("models/add", { path });
      this.changed();
      toast(paths.length === 1 ? "One model is added." : `${paths.length} models are added.`);
      this.dialog.close();
    });
  }

  done(model) {
    this.changed();
    toast(model.installed ? `${model.name} is ready.` : `${model.name} is on the list: get it when you like.`);
    this.dialog.close();
  }
}
