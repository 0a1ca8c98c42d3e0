// The Models page: what there is by use, what fits, what is in memory; getting, pausing, removing, adding.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, html, icon, refill } from "./dom.js";
import { ended, jobs, kick, note } from "./follow.js";
import { Adding } from "./models-add.js";
import { card, getWords, learnSpeed, pulse } from "./models-card.js";
import { Served } from "./models-served.js";
import { failed, toast } from "./toast.js";
import { bytes } from "./words.js";

const kinds = ["Writing", "Pictures", "Picture helpers", "Clips", "Speech", "Other"];
const FETCH = "fetch_model";

export class Models {
  constructor({ element }) {
    this.root = element.querySelector(".models");
    this.part = (name) => this.root.querySelector(name);
    this.adding = new Adding(this.part("dialog"), () => this.load());
    this.served = new Served(this.part(".served"), () => this.downloads());
    doing(this.root, {
      add: () => this.adding.open(),
      get: (target) => this.get([this.id(target)]),
      set: (target) => this.get(this.shelf.sets.find((one) => one.id === target.dataset.set).missing),
      pause: (target) => this.job(target, "pause"),
      resume: (target) => this.job(target, "resume"),
      stop: (target) => this.job(target, "cancel"),
      remove: (target) => this.remove(this.id(target)),
      free: () => this.free(),
      access: () => { this.part("#models-token").focus(); },
      forget: () => this.token(""),
    });
    this.part(".find").addEventListener("input", () => this.draw());
    this.part(".access").addEventListener("submit", (event) => { event.preventDefault(); this.token(event.target.elements.token.value); });
    on("jobs", () => this.shelf && this.front && this.progress());
    on("finished", (job) => { if (this.front || job.task === FETCH) this.load(); });
    on("tab", (name) => name === "models" && this.load());
    if (this.front) this.load();
  }

  get front() { return document.body.dataset.tab === "models"; }

  id(target) { return target.closest("[data-model]").dataset.model; }

  async load() {
    try {
      this.shelf = await api.get("models/shelf");
      this.draw();
    } catch (error) { failed(error); }
    if (this.front) this.served.load(this.shelf?.may_change);
  }

  // -- what is shown

  /** The downloads by what they fetch: the one under way, else the last one that failed today. */
  downloads() {
    const found = new Map();
    const day = Date.now() / 1000 - 86_400;
    for (const job of [...jobs.values()].sort((a, b) => a.created_at - b.created_at)) {
      if (job.task !== FETCH || !job.request) continue;
      const about = found.get(job.request.entry) ?? {};
      if (!ended(job)) about.job = job;
      else about.failed = job.state === "failed" && job.finished_at > day ? job : null;
      found.set(job.request.entry, about);
    }
    return found;
  }

  wanted(model) {
    const show = this.root.querySelector("[name=models-show]:checked").value;
    if ((show === "here" && !model.installed) || (show === "get" && model.installed)) return false;
    const words = this.part("[name=models-search]").value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [model.name, model.use, model.licence.name, model.id, model.kind, ...model.tasks].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  draw() {
    if (!this.shelf) return;
    refill(this.part(".state"), this.state());
    this.sets();
    this.access();
    const shown = this.shelf.models.filter((model) => this.wanted(model));
    this.part(".kinds").classList.toggle("nothing", !shown.length);
    if (!this.part(".kinds").children.length) {
      this.part(".kinds").innerHTML = kinds.map((_, i) => `<section class="kind" aria-labelledby="models-kind-${i}"></section>`).join("") + "<p class=\"bare none\">No model is like that.</p>";
    }
    const found = this.downloads();
    kinds.forEach((kind, i) => {
      const section = this.part(".kinds").children[i];
      const models = shown.filter((model) => model.kind === kind);
      section.hidden = !models.length;
      const about = (model) => ({ ...found.get(model.id), may: this.shelf.may_change, room: this.shelf.free_bytes });
      refill(section, html`<h3 id="models-kind-${i}">${kind}</h3><ul class="cards">${models.map((model) => card(model, about(model)))}</ul>`);
    });
    this.pulses(found);
  }

  /** The queue moved: cards whose buttons stay the same keep them, only words and bars change. */
  progress() {
    this.draw();
    this.served.draw();
  }

  pulses(found) {
    for (const [entry, { job }] of found) {
      if (!job) continue;
      learnSpeed(job.state === "running" ? job.facts?.bytes_per_second : 0);
      for (const place of this.root.querySelectorAll(`[data-model="${CSS.escape(entry)}"]`)) pulse(place, job);
    }
  }

  state() {
    const { folder, free_bytes: free, models } = this.shelf;
    const held = models.filter((model) => model.loaded.length);
    const sum = held.reduce((all, model) => all + model.loaded.reduce((part, one) => part + one.bytes, 0), 0);
    const installed = models.filter((model) => model.installed).length;
    return html`<p>${installed} of ${models.length} installed · <b>${bytes(free)}</b> free for more in <code>${folder}</code></p>
      ${held.length > 0 && html`<p class="held">In memory: ${held.map((model) => model.name).join(", ")} · <b>${bytes(sum)}</b>
        <button type="button" class="link" data-do="free">Free now</button></p>`}`;
  }

  sets() {
    const sets = this.shelf.sets.filter((one) => one.models.length);
    this.part(".sets").hidden = !sets.length;
    const names = new Map(this.shelf.models.map((model) => [model.id, model.name]));
    refill(this.part(".sets"), html`<h3>Get a set</h3><ul>${sets.map((one) => html`<li class="${one.recommended ? "best" : ""}">
      <div class="who"><h4>${one.name}</h4>${one.recommended && html`<em>for this machine</em>`}</div>
      <p>${one.use}</p><p class="bare">${one.models.map((id) => names.get(id)).join(", ")}</p>
      ${one.missing.length
        ? html`<button type="button" class="${one.recommended ? "step first" : "step"}" data-do="set" data-set="${one.id}" ${one.missing_bytes > this.shelf.free_bytes ? "disabled" : ""}>${icon("down")}${getWords(one.missing_bytes).replace("Get it", one.missing.length === one.models.length ? "Get all" : "Get the rest")}</button>
          ${one.missing_bytes > this.shelf.free_bytes && html`<p class="warn">Only ${bytes(this.shelf.free_bytes)} are free.</p>`}`
        : html`<span class="have">${icon("check")}all installed, ${bytes(one.bytes)}</span>`}</li>`)}</ul>`);
  }

  access() {
    const { token, hub, may_change: may } = this.shelf;
    const where = new URL(hub).host;
    refill(this.part(".access"), html`<h3 id="models-access-title">Models that ask for consent</h3>
      <p class="bare">Some makers let only people download who have accepted their terms. Open the model's page on
        <a href="${hub}" target="_blank" rel="noopener noreferrer">${where}</a>, accept them there with your account, and paste an access token of it
        (“read” is enough) here. It is kept in a file only the studio can read, sent to ${where} alone, and never shown again.</p>
      ${may ? html`<form class="row"><label>Access token <input id="models-token" name="token" type="password" autocomplete="off" spellcheck="false" placeholder="${token ? "One is kept" : "hf_…"}" required></label>
        <button type="submit" class="step first">Keep it</button>
        ${token && html`<button type="button" class="step" data-do="forget">Forget it</button>`}</form>`
    : html`<p class="bare">${token ? "One is kept." : "None is kept: ask the owner."}</p>`}`);
  }

  // -- what is done

  async get(ids) {
    try {
      for (const id of ids) note(await api.post(`models/${encodeURIComponent(id)}/get`));
      this.draw();
    } catch (error) { failed(error); }
    kick();
  }

  async job(target, what) {
    target.disabled = true;
    try { note(await api.post(`jobs/${target.closest("[data-job]").dataset.job}/${what}`)); } catch (error) { failed(error); }
    this.draw();
    kick();
  }

  async remove(id) {
    const model = this.shelf.models.find((one) => one.id === id);
    const goes = model.in_place ? "Its files stay where they are." : `${bytes(model.disk_bytes)} of the disk become free.`;
    const question = model.installed && !model.in_place ? `Remove ${model.name} from this machine? ${goes}` : `Take ${model.name} off this list? ${model.in_place ? goes : ""}`;
    if (!confirm(question)) return;
    try {
      const { freed_bytes: freed } = await api.remove(`models/${encodeURIComponent(id)}`);
      toast(freed ? `${model.name} is removed: ${bytes(freed)} free.` : `${model.name} is off the list.`);
    } catch (error) { failed(error); }
    this.load();
  }

  async free() {
    try {
      await api.post("models/free");
      toast("The memory is free: models no job needs are dropped.");
    } catch (error) { failed(error); }
    setTimeout(() => this.load(), 400); // the engine tells what it holds a moment later
  }

  async token(value) {
    try {
      await api.put("hub-token", { token: value });
      toast(value ? "The token is kept." : "The token is forgotten.");
      this.part(".access form")?.reset();
    } catch (error) { failed(error); }
    this.load();
  }
}
