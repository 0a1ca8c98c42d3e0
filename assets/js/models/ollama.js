// The models of the Ollama server: list, download by name, unload, delete.

import * as api from "../core/api.js";
import { dataOf, fieldsOf, find, formOf, html, onAction, renderChanged } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { mergeJob, pollNow } from "../core/job-poller.js";
import { failed, toast } from "../core/toast.js";
import { updateProgress } from "./card.js";

/**
 * @import { LanguageModel } from "../types/api.js"
 * @import { Download } from "./card.js"
 */

export class OllamaModels {
  /** @type {boolean | undefined} */
  may;

  /**
   * @param {HTMLElement} element
   * @param {() => Map<string, Download>} downloads
   */
  constructor(element, downloads) {
    this.element = element;
    this.downloads = downloads;
    element.addEventListener("submit", (event) => { event.preventDefault(); this.pull(fieldsOf(formOf(event)).name); });
    onAction(element, {
      unload: (target) => this.act(() => api.post("language/models/unload", { id: dataOf(target).id }), "Unloaded."),
      "delete-served": (target) => confirm(`Delete ${dataOf(target).id.slice(7)} from Ollama?`)
        && this.act(() => api.remove(`language/models?${api.query({ id: dataOf(target).id })}`), "Deleted."),
    });
  }

  /** @param {boolean | undefined} may */
  async load(may) {
    this.may = may;
    try {
      this.shelf = await api.get("language/models");
    } catch { return; } // the rest of the page reports that the studio is not responding
    this.draw();
  }

  draw() {
    if (!this.shelf) return;
    const models = this.shelf.models.filter((model) => model.runtime === "ollama");
    const found = this.downloads();
    const fetching = [...found].filter(([id, about]) => id.startsWith("ollama:") && (about.job || about.failed));
    this.element.hidden = false;
    renderChanged(this.element, html`<h3 id="models-served">Ollama</h3>
      ${this.shelf.problem
        ? html`<p class="bare">${this.shelf.problem.what} ${this.shelf.problem.next}</p>`
        : html`<p class="bare">Models on the server at ${this.shelf.ollama_url}. Download more by their names in the Ollama library.</p>
          <form class="row"><label>Name <input name="name" autocomplete="off" spellcheck="false" placeholder="qwen3:8b" maxlength="150" required></label>
          <button type="submit" class="step first">${icon("down")}Download</button></form>`}
      ${this.shelf.left_out.length > 0 && html`<p class="bare">Not usable here: ${this.shelf.left_out.join(" ")}</p>`}
      <ul class="lines">${fetching.map(([id, about]) => this.line(id, about))}${models.map((model) => this.model(model))}</ul>`);
    for (const [id, { job }] of fetching) {
      if (job) updateProgress(find(this.element, `[data-model="${CSS.escape(id)}"]`), job);
    }
  }

  /**
   * @param {string} id
   * @param {Download} about
   */
  line(id, { job, failed: broken }) {
    return html`<li data-model="${id}"><div class="who"><b>${id.slice(7)}</b></div>
      ${job ? html`<div class="fetch" data-job="${job.id}"><p class="words"></p><span class="meter"><i></i></span><div class="acts">
        ${job.can_pause && html`<button type="button" class="step" data-do="pause">Pause</button>`}
        ${job.can_resume && html`<button type="button" class="step first" data-do="resume">Resume</button>`}
        ${job.can_cancel && html`<button type="button" class="step" data-do="cancel">Cancel</button>`}</div></div>`
    : html`<p class="failed">${broken?.error?.what} ${broken?.error?.next}</p>`}</li>`;
  }

  /** @param {LanguageModel} model */
  model(model) {
    const can = [model.vision && "can see pictures", model.thinking && "can think first", model.tools && "uses tools"].filter(Boolean).join(", ");
    return html`<li><div class="who"><b>${model.name}</b>${model.loaded_bytes > 0 && html`<em>in memory, ${formatBytes(model.loaded_bytes)}</em>`}
      <small>${[model.parameters, model.quantization, formatBytes(model.bytes), can, model.license.name].filter(Boolean).join(" · ")}</small></div>
      <div class="acts">${this.may && model.loaded_bytes > 0 && html`<button type="button" class="step" data-do="unload" data-id="${model.id}">Free memory</button>`}
      ${this.may && html`<button type="button" class="step" data-do="delete-served" data-id="${model.id}" aria-label="Delete ${model.name}">${icon("trash")}Delete</button>`}</div></li>`;
  }

  /** @param {HTMLInputElement} input */
  async pull(input) {
    const name = input.value.trim();
    if (!name) return;
    try {
      mergeJob(await api.post("jobs", { task: "fetch_model", entry: `ollama:${name}` }));
      input.value = "";
      this.draw();
    } catch (error) { failed(error); }
    pollNow();
  }

  /**
   * @param {() => Promise<unknown>} what
   * @param {string} words
   */
  async act(what, words) {
    try { await what(); toast(words); } catch (error) { failed(error); }
    this.load(this.may);
  }
}
