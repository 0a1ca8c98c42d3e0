// The Models page: the models by use, what fits, what is in memory; download, pause, remove, add.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { whileBusy } from "../core/busy.js";
import { closest, dataOf, fieldsOf, find, findAll, findField, formOf, html, onAction, query, renderChanged } from "../core/dom.js";
import { keepFocus } from "../core/focus.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isEnded, jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { failed, toast } from "../core/toast.js";
import { AddModelDialog } from "./add.js";
import { downloadLabel, modelCard, rememberSpeed, updateProgress } from "./card.js";
import { OllamaModels } from "./ollama.js";

/**
 * @import { ModelCard, ModelsView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 * @import { Download } from "./card.js"
 */

const kinds = ["Writing", "Pictures", "Picture helpers", "Clips", "Speech", "Other"];
const FETCH = "fetch_model";

export class ModelsPage {
  /** @type {ModelsView | undefined} */
  shelf;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".models");
    this.adding = new AddModelDialog(find(this.root, "dialog", HTMLDialogElement), () => this.load());
    this.served = new OllamaModels(this.part(".served"), () => this.downloads());
    onAction(this.root, {
      add: () => this.adding.open(),
      get: (target) => this.get([this.id(target)]),
      set: (target) => this.get(this.shelf?.sets.find((one) => one.id === dataOf(target).set)?.missing ?? []),
      pause: (target) => this.job(target, "pause"),
      resume: (target) => this.job(target, "resume"),
      cancel: (target) => this.job(target, "cancel"),
      remove: (target) => this.remove(this.id(target)),
      free: () => this.free(),
      access: () => { this.part("#models-token").focus(); },
      forget: () => this.token(""),
    });
    this.part(".find").addEventListener("input", () => this.draw());
    this.part(".access").addEventListener("submit", (event) => { event.preventDefault(); this.token(fieldsOf(formOf(event)).token.value); });
    on("jobs", () => this.shelf && this.front && this.progress());
    on("finished", (job) => { if (this.front || job.task === FETCH) this.load(); });
    on("tab", (name) => name === "models" && this.load());
    if (this.front) this.load();
  }

  /** @param {string} selector */
  part(selector) { return find(this.root, selector); }

  get front() { return document.body.dataset.tab === "models"; }

  /** @param {HTMLElement} target */
  id(target) { return dataOf(closest(target, "[data-model]")).model; }

  async load() {
    try {
      this.shelf = await api.get("models/shelf");
      this.draw();
    } catch (error) { failed(error); }
    if (this.front) this.served.load(this.shelf?.may_change);
  }

  // -- display

  /** The downloads by model: the running one, otherwise the last one that failed today. */
  downloads() {
    /** @type {Map<string, Download>} */
    const found = new Map();
    const day = Date.now() / 1000 - 86_400;
    for (const job of [...jobs.values()].sort((a, b) => a.created_at - b.created_at)) {
      if (job.task !== FETCH || !job.request) continue;
      const about = found.get(job.request.entry) ?? {};
      if (!isEnded(job)) about.job = job;
      else about.failed = job.state === "failed" && (job.finished_at ?? 0) > day ? job : null;
      found.set(job.request.entry, about);
    }
    return found;
  }

  /** @param {ModelCard} model */
  matches(model) {
    const show = findField(this.root, "[name=models-show]:checked").value;
    if ((show === "here" && !model.installed) || (show === "get" && model.installed)) return false;
    const words = findField(this.root, "[name=models-search]").value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [model.name, model.use, model.license.name, model.id, model.kind, ...model.tasks].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  draw() {
    const { shelf } = this;
    if (!shelf) return;
    renderChanged(this.part(".state"), this.state(shelf));
    this.sets(shelf);
    this.access(shelf);
    const shown = shelf.models.filter((model) => this.matches(model));
    this.part(".kinds").classList.toggle("nothing", !shown.length);
    if (!this.part(".kinds").children.length) {
      this.part(".kinds").innerHTML = kinds.map((_, i) => `<section class="kind" aria-labelledby="models-kind-${i}"></section>`).join("").concat('<p class="bare none">No model matches.</p>');
    }
    const found = this.downloads();
    kinds.forEach((kind, i) => {
      const section = find(this.root, `.kinds > :nth-child(${i + 1})`);
      const models = shown.filter((model) => model.kind === kind);
      section.hidden = !models.length;
      /** @param {ModelCard} model */
      const about = (model) => ({ ...found.get(model.id), may: shelf.may_change, room: shelf.free_bytes });
      keepFocus(section, () => renderChanged(section, html`<h3 id="models-kind-${i}">${kind}</h3><ul class="cards">${models.map((model) => modelCard(model, about(model)))}</ul>`));
    });
    this.pulses(found);
  }

  /** The queue changed: unchanged buttons stay, only texts and bars are updated. */
  progress() {
    this.draw();
    this.served.draw();
  }

  /** @param {Map<string, Download>} found */
  pulses(found) {
    for (const [entry, { job }] of found) {
      if (!job) continue;
      rememberSpeed(job.state === "running" ? job.facts?.bytes_per_second : 0);
      for (const place of findAll(this.root, `[data-model="${CSS.escape(entry)}"]`)) updateProgress(place, job);
    }
  }

  /** @param {ModelsView} shelf */
  state({ folder, free_bytes: free, models }) {
    const held = models.filter((model) => model.loaded.length);
    const sum = held.reduce((all, model) => all + model.loaded.reduce((part, one) => part + one.bytes, 0), 0);
    const installed = models.filter((model) => model.installed).length;
    return html`<p>${installed} of ${models.length} installed · <b>${formatBytes(free)}</b> free in <code>${folder}</code></p>
      ${held.length > 0 && html`<p class="held">In memory: ${held.map((model) => model.name).join(", ")} · <b>${formatBytes(sum)}</b>
        <button type="button" class="link" data-do="free">Free memory</button></p>`}`;
  }

  /** @param {ModelsView} shelf */
  sets(shelf) {
    const sets = shelf.sets.filter((one) => one.models.length);
    this.part(".sets").hidden = !sets.length;
    const names = new Map(shelf.models.map((model) => [model.id, model.name]));
    renderChanged(this.part(".sets"), html`<h3>Bundles</h3><ul>${sets.map((one) => html`<li class="${one.recommended ? "best" : ""}">
      <div class="who"><h4>${one.name}</h4>${one.recommended && html`<em>recommended</em>`}</div>
      <p>${one.use}</p><p class="bare">${one.models.map((id) => names.get(id)).join(", ")}</p>
      ${one.missing.length
        ? html`<button type="button" class="${one.recommended ? "step first" : "step"}" data-do="set" data-set="${one.id}" ${one.missing_bytes > shelf.free_bytes ? "disabled" : ""}>${icon("down")}${downloadLabel(one.missing_bytes).replace("Download", one.missing.length === one.models.length ? "Download all" : "Download the rest")}</button>
          ${one.missing_bytes > shelf.free_bytes && html`<p class="warn">Not enough disk space: ${formatBytes(shelf.free_bytes)} free.</p>`}`
        : html`<span class="have">${icon("check")}all installed, ${formatBytes(one.bytes)}</span>`}</li>`)}</ul>`);
  }

  /** @param {ModelsView} shelf */
  access({ token, hub, may_change: may }) {
    const where = new URL(hub).host;
    renderChanged(this.part(".access"), html`<h3 id="models-access-title">Gated models</h3>
      <p class="bare">Some models can only be downloaded after you accept their license. Open the model's page on
        <a href="${hub}" target="_blank" rel="noopener noreferrer">${where}</a>, accept the license with your account, and paste an access token from that account
        here (“read” access is enough). The studio stores it in a file only it can read, sends it only to ${where}, and never shows it again.</p>
      ${may ? html`<form class="row"><label>Access token <input id="models-token" name="token" type="password" autocomplete="off" spellcheck="false" placeholder="${token ? "Saved" : "hf_…"}" required></label>
        <button type="submit" class="step first">Save token</button>
        ${token && html`<button type="button" class="step" data-do="forget">Remove token</button>`}</form>`
    : html`<p class="bare">${token ? "A token is saved." : "No token saved: ask the owner."}</p>`}`);
  }

  // -- actions

  /** @param {string[]} ids */
  async get(ids) {
    try {
      for (const id of ids) mergeJob(await api.post(`models/${encodeURIComponent(id)}/get`));
      this.draw();
    } catch (error) { failed(error); }
    pollNow();
  }

  /**
   * @param {HTMLButtonElement} target
   * @param {"pause" | "resume" | "cancel"} what
   */
  async job(target, what) {
    await whileBusy(target, async () => {
      try { mergeJob(await api.post(`jobs/${dataOf(closest(target, "[data-job]")).job}/${what}`)); } catch (error) { failed(error); }
    });
    this.draw();
    pollNow();
  }

  /** @param {string} id */
  async remove(id) {
    const model = this.shelf?.models.find((one) => one.id === id);
    if (!model) return;
    const goes = model.in_place ? "Its files stay where they are." : `This frees ${formatBytes(model.disk_bytes)}.`;
    const question = model.installed && !model.in_place ? `Remove ${model.name} from this computer? ${goes}` : `Remove ${model.name} from this list? ${model.in_place ? goes : ""}`;
    if (!confirm(question)) return;
    try {
      const { freed_bytes: freed } = await api.remove(`models/${encodeURIComponent(id)}`);
      toast(freed ? `${model.name} removed: ${formatBytes(freed)} freed.` : `${model.name} removed from the list.`);
    } catch (error) { failed(error); }
    this.load();
  }

  async free() {
    try {
      await api.post("models/free");
      toast("Memory freed: unused models were unloaded.");
    } catch (error) { failed(error); }
    setTimeout(() => this.load(), 400); // the engine reports its memory a moment later
  }

  /** @param {string} value */
  async token(value) {
    try {
      await api.put("hub-token", { token: value });
      toast(value ? "Token saved." : "Token removed.");
      query(this.root, ".access form", HTMLFormElement)?.reset();
    } catch (error) { failed(error); }
    this.load();
  }
}
