// The LoRAs of a request: each with how much of it, and its trigger words a press away from the prompt.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { face } from "./film.js";
import { feet } from "./foot.js";
import { called } from "./loras-facts.js";
import { fits, pick, suit } from "./loras-pick.js";

const STEP = 0.05;

export class Loras {
  constructor({ element, props, watch }) {
    Object.assign(this, { element, props, known: new Map(), model: {} });
    this.root = element.querySelector(".loras");
    this.most = Number(this.root.dataset.most);
    this.list = this.root.querySelector(".loras-list");
    this.task = element.closest(".task").id.replace(/^task-/, "");
    const at = (target) => Number(target.closest("li").dataset.at);
    doing(this.root, {
      add: () => pick(this, this.uses.map((use) => use.asset), (asset) => this.add(asset)),
      out: (button) => this.out(at(button)),
      trigger: (button) => this.say(button.dataset.word),
    });
    this.list.addEventListener("input", ({ target }) => { target.closest("li").querySelector("output").textContent = shown(target.value); });
    this.list.addEventListener("change", ({ target }) => this.weigh(at(target), Number(target.value)));
    watch("value", () => this.props.value !== this.own && this.draw());
    on("asked", ({ task, values, about }) => task === this.task && this.told(values, about));
    on("changed", ({ asset, gone }) => (gone ? this.put(this.uses.filter((use) => use.asset !== asset.id)) : this.renewed(asset)));
    this.draw();
    const said = feet.get(this.task)?.told; // what is folded away comes to life late
    if (said) this.told(said.values, said.about);
  }

  get uses() {
    try { return JSON.parse(this.props.value || "[]"); } catch { return []; }
  }

  /** ``quietly`` leaves the list as it stands: a hand may still be on a slider. */
  put(uses, quietly = false) {
    if (JSON.stringify(uses) === JSON.stringify(this.uses)) return;
    this.own = uses.length ? JSON.stringify(uses) : "";
    this.props.value = this.own;
    return quietly ? null : this.draw();
  }

  /** Somebody corrected its name or its words. */
  renewed(asset) {
    if (!this.known.has(asset?.id) || asset.title === undefined) return;
    this.known.set(asset.id, asset);
    this.draw();
  }

  add(asset) {
    this.known.set(asset.id, asset);
    this.put([...this.uses, { asset: asset.id, weight: 1 }]);
  }

  async out(at) {
    await this.put(this.uses.filter((_, i) => i !== at));
    (this.list.querySelector("[data-do=out]") ?? this.root.querySelector(".loras-add")).focus();
  }

  weigh(at, weight) {
    this.put(this.uses.map((use, i) => (i === at ? { ...use, weight } : use)), true);
  }

  // -- the prompt and the model

  get prompt() { return this.element.closest(".task").querySelector(".field-prompt textarea"); }

  /** Put a trigger word in front of the prompt. */
  say(word) {
    const before = this.prompt?.value.trim() ?? "";
    if (says(before, word)) return;
    feet.get(this.task)?.fill({ values: { prompt: before ? `${word}, ${before}` : word } });
  }

  told(values, about) {
    if (about?.loras) {
      this.model = about.loras;
      suit(this);
    }
    const prompt = values.prompt ?? "";
    for (const button of this.list.querySelectorAll("[data-do=trigger]")) button.disabled = says(prompt, button.dataset.word);
    for (const row of this.list.children) this.warn(row, this.known.get(row.dataset.asset));
  }

  /** What is for another model says so where it stands. */
  warn(row, asset) {
    row.querySelector(".loras-misfit").textContent = !asset || fits(this.model, asset) ? "" : this.model.else;
  }

  // -- how it looks

  async draw() {
    const uses = this.uses;
    await Promise.all(uses.filter((use) => !this.known.has(use.asset)).map(async ({ asset }) => this.known.set(asset, await api.assetIfThere(asset))));
    if (JSON.stringify(uses) !== JSON.stringify(this.uses)) return;
    const left = uses.filter((use) => this.known.get(use.asset) && !this.known.get(use.asset).deleted_at);
    if (left.length < uses.length) return this.put(left);
    this.own = this.props.value;
    fill(this.list, html`${uses.map((use, at) => this.row(use, at))}`);
    this.root.querySelector(".loras-add").hidden = uses.length >= this.most;
    this.told({ prompt: this.prompt?.value ?? "" });
  }

  row(use, at) {
    const asset = this.known.get(use.asset), { low, high } = this.root.dataset;
    return html`<li data-at="${at}" data-asset="${asset.id}"><span class="face">${face(asset)}</span>
      <span class="loras-name"><b>${asset.title}</b><small>${called(asset.family)} <span class="loras-misfit" role="status"></span></small></span>
      <button type="button" class="quiet" data-do="out" aria-label="Take ${asset.title} out">${icon("x")}</button>
      <label class="loras-weight"><span>Weight</span><input type="range" min="${low}" max="${high}" step="${STEP}" value="${use.weight}" aria-label="Weight of ${asset.title}">
        <output>${shown(use.weight)}</output></label>
      ${asset.lora?.triggers?.length > 0 && html`<span class="loras-words" role="group" aria-label="Words that ${asset.title} answers to">${asset.lora.triggers.map((word) =>
        html`<button type="button" data-do="trigger" data-word="${word}" title="Put it in the prompt">${icon("plus")}${word}</button>`)}</span>`}</li>`;
  }
}

const shown = (weight) => Number(weight).toFixed(2);

const says = (prompt, word) => prompt.toLowerCase().includes(word.toLowerCase());
