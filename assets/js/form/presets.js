// Preset cards: one click sets model, size, quality and the words around the idea.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, find, html, onAction, query, render, renderChanged, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, toast } from "../core/toast.js";
import { submitBars } from "./submit-bar.js";

/**
 * @import { TaskPreset } from "../types/api.js"
 * @import { Part, Values } from "../types/page.js"
 */

const REF = "preset-sample/";

/**
 * A card's picture: the first one made with the preset, the one that comes with it, or a hint that the first will be.
 * @param {TaskPreset} preset
 */
const picture = (preset) => {
  const source = preset.sample ? api.thumbOf(preset.sample) : !preset.mine && `c41/samples/presets/${preset.id}.webp`;
  return source ? html`<img src="${source}" alt="" loading="lazy" decoding="async">` : html`<small aria-hidden="true">Your first result</small>`;
};

/**
 * @param {TaskPreset} preset
 * @param {Values} values
 */
const same = (preset, values) => (values.model ?? "") === (preset.model || "") && (values.quality || "good") === preset.quality
  && (values.size?.aspect ?? "1:1") === (preset.size.aspect ?? "1:1") && (values.size?.megapixels ?? null) === (preset.size.megapixels ?? null)
  && (!preset.seconds || Number(values.seconds) === preset.seconds);

export class PresetPicker {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    /** @type {TaskPreset[]} */
    this.all = [];
    /** @type {Values} */
    this.values = {};
    this.root = find(element, ".presets");
    this.task = dataOf(this.root).task;
    this.cards = find(this.root, ".presets-cards");
    this.line = find(this.root, ".presets-line");
    onAction(this.root, {
      choose: (card) => this.choose(this.all.find((one) => one.id === dataOf(card).preset)),
      again: () => this.choose(this.now(), true),
      none: () => { this.props.value = ""; this.draw(); },
      name: () => { this.naming = true; this.tell(); find(this.line, "input", HTMLInputElement).focus(); },
      keep: () => this.keep(),
      forget: (button) => this.forget(dataOf(button).preset),
    });
    this.line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && targetOf(event).matches("input")) { event.preventDefault(); this.keep(); }
      if (event.key === "Escape") { this.naming = false; this.tell(); }
    });
    watch("value", () => this.draw());
    on("formChanged", ({ task, values }) => { if (task === this.task) { this.values = values; this.tell(); } });
    on("finished", (job) => job.client_ref?.startsWith(REF) && this.load());
    this.load();
  }

  get held() {
    try { return JSON.parse(this.props.value || "null"); } catch { return null; }
  }

  now() { return this.all.find((one) => one.id === this.held?.id); }

  async load() {
    try { this.all = await api.get(`presets?task=${this.task}`); } catch { return; }
    this.draw();
  }

  /**
   * Choose a preset, or clear it if it is already chosen.
   * @param {TaskPreset | undefined} preset
   */
  choose(preset, again = false) {
    if (!preset) return;
    if (preset.id === this.held?.id && !again) { this.props.value = ""; this.draw(); return; }
    const { id, name, frame, size, quality, model, seconds } = preset;
    const length = seconds ? { seconds } : {};
    submitBars.get(this.task)?.fill({ values: { preset: { id, name, frame }, size, quality, model: model || null, ...length } });
  }

  async keep() {
    const name = find(this.line, "input", HTMLInputElement).value.trim();
    if (!name) return;
    const { size, quality, model, seconds } = this.values;
    try {
      const kept = await api.post("presets", {
        name, task: this.task,
        fields: { frame: this.held?.frame ?? "{idea}", size: size ?? {}, quality: quality || "good", model: model ?? "", seconds: Number(seconds) || null },
      });
      this.naming = false;
      await this.load();
      this.choose(kept, true);
      toast(`“${kept.name}” saved as a preset.`);
    } catch (error) { failed(error); }
  }

  /** @param {string} id */
  async forget(id) {
    try { await api.remove(`presets/${id}`); } catch (error) { return failed(error); }
    if (this.held?.id === id) this.props.value = "";
    this.load();
  }

  draw() {
    renderChanged(this.cards, html`${this.all.map((one) => html`<span class="presets-card"><button type="button" data-do="choose" data-preset="${one.id}"
      aria-pressed="${String(one.id === this.held?.id)}" title="${one.use}"><span class="presets-face">${picture(one)}</span><b>${one.name}</b></button>
      ${one.mine && html`<button type="button" class="quiet" data-do="forget" data-preset="${one.id}" aria-label="Delete the preset ${one.name}">${icon("x")}</button>`}</span>`)}`);
    const chosen = query(this.cards, "[aria-pressed=true]")?.parentElement;
    if (chosen && (chosen.offsetLeft < this.cards.scrollLeft || chosen.offsetLeft + chosen.offsetWidth > this.cards.scrollLeft + this.cards.clientWidth)) {
      this.cards.scrollLeft = chosen.offsetLeft - 8;
    }
    this.tell();
  }

  /** Show what the chosen preset adds, whether it was edited, and the buttons. */
  tell() {
    if (this.naming && query(this.line, "input", HTMLInputElement)) return;
    if (this.naming) {
      return void render(this.line, html`<input maxlength="60" aria-label="Preset name" placeholder="Name" value="">
        <button type="button" data-do="keep">Save</button>`);
    }
    const preset = this.now();
    const [before, after] = (this.held?.frame ?? "{idea}").split("{idea}");
    const changed = preset && !same(preset, this.values);
    renderChanged(this.line, html`${this.held && (before || after) && html`<span class="presets-words">${before}… ${after}</span>`}
      ${changed && html`<em>Edited.</em> <button type="button" data-do="again">Reset</button>`}
      ${this.held && html`<button type="button" data-do="none">No preset</button>`}
      <button type="button" data-do="name">Save as preset</button>`);
  }
}
