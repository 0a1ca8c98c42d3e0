// The LoRAs of a request, each with its strength and with trigger words that one click adds to the prompt.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { closest, dataOf, fieldOf, find, findAll, html, onAction, query, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { thumbnail } from "../core/thumbnail.js";
import { submitBars } from "../form/submit-bar.js";
import { familyName } from "./facts.js";
import { fits, pickLora, updatePicker } from "./picker.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { ModelAdvice, ModelFit, Part, Values } from "../types/page.js"
 */

/** @typedef {{ asset: string, weight: number }} LoraUse */

const STEP = 0.05;

export class LoraEditor {
  /** @type {string} */
  own;

  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.element = element;
    this.props = props;
    /** @type {Map<string, AssetView | null>} */
    this.known = new Map();
    /** @type {ModelFit} */
    this.model = {};
    this.root = find(element, ".loras");
    this.most = Number(dataOf(this.root).most);
    this.list = find(this.root, ".loras-list");
    this.task = closest(element, ".task").id.replace(/^task-/, "");
    /** @param {HTMLElement} target */
    const at = (target) => Number(dataOf(closest(target, "li")).at);
    onAction(this.root, {
      add: () => pickLora(this, this.uses.map((use) => use.asset), (asset) => this.add(asset)),
      out: (button) => this.out(at(button)),
      trigger: (button) => this.say(dataOf(button).word),
    });
    this.list.addEventListener("input", (event) => { find(closest(targetOf(event), "li"), "output").textContent = shown(fieldOf(event).value); });
    this.list.addEventListener("change", (event) => this.weigh(at(targetOf(event)), Number(fieldOf(event).value)));
    watch("value", () => this.props.value !== this.own && this.draw());
    on("formChanged", ({ task, values, about }) => task === this.task && this.showAdvice(values, about));
    on("changed", ({ asset, gone }) => (gone ? this.put(this.uses.filter((use) => use.asset !== asset.id)) : this.renewed(asset)));
    this.draw();
    const said = submitBars.get(this.task)?.latest; // collapsed parts start late
    if (said) this.showAdvice(said.values, said.about);
  }

  /** @returns {LoraUse[]} */
  get uses() {
    try { return JSON.parse(this.props.value || "[]"); } catch { return []; }
  }

  /**
   * ``quietly`` does not redraw the list: a slider may still be in use.
   * @param {LoraUse[]} uses
   * @returns {Promise<void>} when the list is drawn
   */
  async put(uses, quietly = false) {
    if (JSON.stringify(uses) === JSON.stringify(this.uses)) return;
    this.own = uses.length ? JSON.stringify(uses) : "";
    this.props.value = this.own;
    if (!quietly) await this.draw();
  }

  /**
   * Update a LoRA whose name or trigger words were edited.
   * @param {Events["changed"]["asset"]} asset
   */
  renewed(asset) {
    if (!this.known.has(asset?.id) || asset.title === undefined) return;
    this.known.set(asset.id, asset);
    this.draw();
  }

  /** @param {AssetView} asset */
  add(asset) {
    this.known.set(asset.id, asset);
    this.put([...this.uses, { asset: asset.id, weight: 1 }]);
  }

  /** @param {number} at */
  async out(at) {
    await this.put(this.uses.filter((_, i) => i !== at));
    (query(this.list, "[data-do=out]") ?? find(this.root, ".loras-add")).focus();
  }

  /**
   * @param {number} at
   * @param {number} weight
   */
  weigh(at, weight) {
    this.put(this.uses.map((use, i) => (i === at ? { ...use, weight } : use)), true);
  }

  // -- prompt and model

  get prompt() { return query(closest(this.element, ".task"), ".field-prompt textarea", HTMLTextAreaElement); }

  /**
   * Add a trigger word at the start of the prompt.
   * @param {string} word
   */
  say(word) {
    const before = this.prompt?.value.trim() ?? "";
    if (says(before, word)) return;
    submitBars.get(this.task)?.fill({ values: { prompt: before ? `${word}, ${before}` : word } });
  }

  /**
   * @param {Values} values
   * @param {ModelAdvice} [about]
   */
  showAdvice(values, about) {
    if (about?.loras) {
      this.model = about.loras;
      updatePicker(this);
    }
    const prompt = values.prompt ?? "";
    for (const button of findAll(this.list, "[data-do=trigger]")) button.ariaDisabled = String(says(prompt, dataOf(button).word));
    for (const row of findAll(this.list, "li")) this.warn(row, this.known.get(dataOf(row).asset));
  }

  /**
   * Mark a LoRA that is for another model.
   * @param {HTMLElement} row
   * @param {AssetView | null | undefined} asset
   */
  warn(row, asset) {
    find(row, ".loras-misfit").textContent = !asset || fits(this.model, asset) ? "" : this.model.else ?? "";
  }

  // -- display

  async draw() {
    const uses = this.uses;
    await Promise.all(uses.filter((use) => !this.known.has(use.asset)).map(async ({ asset }) => this.known.set(asset, await api.assetIfThere(asset))));
    if (JSON.stringify(uses) !== JSON.stringify(this.uses)) return;
    const left = uses.filter((use) => this.known.get(use.asset)?.deleted_at === null);
    if (left.length < uses.length) return this.put(left);
    this.own = this.props.value;
    render(this.list, html`${uses.map((use, at) => this.row(use, at))}`);
    find(this.root, ".loras-add").hidden = uses.length >= this.most;
    this.showAdvice({ prompt: this.prompt?.value ?? "" });
  }

  /**
   * @param {LoraUse} use
   * @param {number} at
   */
  row(use, at) {
    const asset = /** @type {AssetView} */ (this.known.get(use.asset)), { low, high } = this.root.dataset;
    return html`<li data-at="${at}" data-asset="${asset.id}"><span class="face">${thumbnail(asset)}</span>
      <span class="loras-name"><b>${asset.title}</b><small>${familyName(asset.family)} <span class="loras-misfit" role="status"></span></small></span>
      <button type="button" class="quiet" data-do="out" aria-label="Remove ${asset.title}">${icon("x")}</button>
      <label class="loras-weight"><span>Strength</span><input type="range" min="${low}" max="${high}" step="${STEP}" value="${use.weight}" aria-label="Strength of ${asset.title}">
        <output>${shown(use.weight)}</output></label>
      ${asset.lora?.triggers?.length > 0 && html`<span class="loras-words" role="group" aria-label="Trigger words of ${asset.title}">${asset.lora?.triggers.map((/** @type {string} */ word) =>
        html`<button type="button" data-do="trigger" data-word="${word}" title="Add to the prompt">${icon("plus")}${word}</button>`)}</span>`}</li>`;
  }
}

/** @param {number | string} weight */
const shown = (weight) => Number(weight).toFixed(2);

/**
 * @param {string} prompt
 * @param {string} word
 */
const says = (prompt, word) => prompt.toLowerCase().includes(word.toLowerCase());
