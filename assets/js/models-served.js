// The models of the Ollama server: what it has, getting more by name, unloading, deleting.

import * as api from "./api.js";
import { doing, html, icon, refill } from "./dom.js";
import { kick, note } from "./follow.js";
import { pulse } from "./models-card.js";
import { failed, toast } from "./toast.js";
import { bytes } from "./words.js";

export class Served {
  constructor(element, downloads) {
    this.element = element;
    this.downloads = downloads;
    element.addEventListener("submit", (event) => { event.preventDefault(); this.pull(event.target.elements.name); });
    doing(element, {
      unload: (target) => this.act(() => api.post("language/models/unload", { id: target.dataset.id }), "It is out of memory."),
      "delete-served": (target) => confirm(`Delete ${target.dataset.id.slice(7)} from Ollama?`)
        && this.act(() => api.remove(`language/models?${api.query({ id: target.dataset.id })}`), "It is deleted."),
    });
  }

  async load(may) {
    this.may = may;
    try {
      this.shelf = await api.get("language/models");
    } catch { return; } // the rest of the page says that the studio does not answer
    this.draw();
  }

  draw() {
    if (!this.shelf) return;
    const models = this.shelf.models.filter((model) => model.runtime === "ollama");
    const found = this.downloads();
    const fetching = [...found].filter(([id, about]) => id.startsWith("ollama:") && (about.job || about.failed));
    this.element.hidden = false;
    refill(this.element, html`<h3 id="models-served">Ollama</h3>
      ${this.shelf.problem
        ? html`<p class="bare">${this.shelf.problem.what} ${this.shelf.problem.next}</p>`
        : html`<p class="bare">Models of the server at ${this.shelf.ollama_url}. Get more by the names of its library.</p>
          <form class="row"><label>Name <input name="name" autocomplete="off" spellcheck="false" placeholder="qwen3:8b" maxlength="150" required></label>
          <button type="submit" class="step first">${icon("down")}Get it</button></form>`}
      ${this.shelf.left_out.length > 0 && html`<p class="bare">Not usable here: ${this.shelf.left_out.join(" ")}</p>`}
      <ul class="lines">${fetching.map(([id, about]) => this.line(id, about))}${models.map((model) => this.model(model))}</ul>`);
    for (const [id, { job }] of fetching) {
      if (job) pulse(this.element.querySelector(`[data-model="${CSS.escape(id)}"]`), job);
    }
  }

  line(id, { job, failed: broken }) {
    return html`<li data-model="${id}"><div class="who"><b>${id.slice(7)}</b></div>
      ${job ? html`<div class="fetch" data-job="${job.id}"><p class="words"></p><span class="meter"><i></i></span><div class="acts">
        ${job.can_pause && html`<button type="button" class="step" data-do="pause">Pause</button>`}
        ${job.can_resume && html`<button type="button" class="step first" data-do="resume">Go on</button>`}
        ${job.can_cancel && html`<button type="button" class="step" data-do="stop">Stop</button>`}</div></div>`
    : html`<p class="failed">${broken.error?.what} ${broken.error?.next}</p>`}</li>`;
  }

  model(model) {
    const can = [model.vision && "sees pictures", model.thinking && "can think first", model.tools && "uses tools"].filter(Boolean).join(", ");
    return html`<li><div class="who"><b>${model.name}</b>${model.loaded_bytes > 0 && html`<em>in memory, ${bytes(model.loaded_bytes)}</em>`}
      <small>${[model.parameters, model.quantization, bytes(model.bytes), can, model.licence.name].filter(Boolean).join(" · ")}</small></div>
      <div class="acts">${this.may && model.loaded_bytes > 0 && html`<button type="button" class="step" data-do="unload" data-id="${model.id}">Free now</button>`}
      ${this.may && html`<button type="button" class="step" data-do="delete-served" data-id="${model.id}" aria-label="Delete ${model.name}">${icon("trash")}Delete</button>`}</div></li>`;
  }

  async pull(input) {
    const name = input.value.trim();
    if (!name) return;
    try {
      note(await api.post("jobs", { task: "fetch_model", entry: `ollama:${name}` }));
      input.value = "";
      this.draw();
    } catch (error) { failed(error); }
    kick();
  }

  async act(what, words) {
    try { await what(); toast(words); } catch (error) { failed(error); }
    this.load(this.may);
  }
}
