// Preset cards: one press sets model, size, quality and the words around the idea.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { feet } from "./foot.js";
import { failed, toast } from "./toast.js";

const REF = "preset-sample/";

const ratio = ({ size }) => {
  const [wide, high] = (size.aspect ?? "1:1").split(":").map(Number);
  return high ? wide / high : 1;
};

/** A card's picture: a sample made here, else the shape alone. */
const picture = (preset) => (preset.sample
  ? html`<img src="${api.thumbOf(preset.sample)}" alt="" loading="lazy" decoding="async">`
  : html`<i class="presets-shape" style="aspect-ratio:${ratio(preset).toFixed(3)};${ratio(preset) < 1 ? "height" : "width"}:26px"></i>`);

const same = (preset, values) => (values.model ?? "") === (preset.model || "") && (values.quality || "good") === preset.quality
  && (values.size?.aspect ?? "1:1") === (preset.size.aspect ?? "1:1") && (values.size?.megapixels ?? null) === (preset.size.megapixels ?? null);

export class Presets {
  constructor({ element, props, trigger, watch }) {
    Object.assign(this, { props, trigger, all: [], values: {} });
    this.root = element.querySelector(".presets");
    this.task = this.root.dataset.task;
    this.cards = this.root.querySelector(".presets-cards");
    this.line = this.root.querySelector(".presets-line");
    doing(this.root, {
      choose: (card) => this.choose(this.all.find((one) => one.id === card.dataset.preset)),
      again: () => this.choose(this.now(), true),
      none: () => { this.props.value = ""; this.draw(); },
      samples: () => this.samples(),
      name: () => { this.naming = true; this.tell(); this.line.querySelector("input").focus(); },
      keep: () => this.keep(),
      forget: (button) => this.forget(button.dataset.preset),
    });
    this.line.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); this.keep(); }
      if (event.key === "Escape") { this.naming = false; this.tell(); }
    });
    watch("value", () => this.draw());
    on("asked", ({ task, values }) => { if (task === this.task) { this.values = values; this.tell(); } });
    on("finished", (job) => job.client_ref?.startsWith(REF) && this.load());
    this.load();
  }

  get held() {
    try { return JSON.parse(this.props.value || "null"); } catch { return null; }
  }

  now() { return this.all.find((one) => one.id === this.held?.id); }

  async load() {
    try { this.all = await api.get("presets"); } catch { return; }
    this.draw();
  }

  /** Choosing the chosen one lets it go. */
  choose(preset, again = false) {
    if (!preset) return;
    if (preset.id === this.held?.id && !again) { this.props.value = ""; this.draw(); return; }
    const { id, name, frame, size, quality, model } = preset;
    feet.get(this.task)?.fill({ values: { preset: { id, name, frame }, size, quality, model: model || null } });
  }

  samples() {
    this.trigger("samples");
    this.asked = true;
    this.tell();
    toast("The samples are in the queue: small drafts, one after the other.");
  }

  async keep() {
    const name = this.line.querySelector("input").value.trim();
    if (!name) return;
    const { size, quality, model } = this.values;
    try {
      const kept = await api.post("presets", {
        name, fields: { frame: this.held?.frame ?? "{idea}", size: size ?? {}, quality: quality || "good", model: model ?? "" },
      });
      this.naming = false;
      await this.load();
      this.choose(kept, true);
      toast(`“${kept.name}” is among your presets.`);
    } catch (error) { failed(error); }
  }

  async forget(id) {
    try { await api.remove(`presets/${id}`); } catch (error) { return failed(error); }
    if (this.held?.id === id) this.props.value = "";
    this.load();
  }

  draw() {
    refill(this.cards, html`${this.all.map((one) => html`<span class="presets-card"><button type="button" data-do="choose" data-preset="${one.id}"
      aria-pressed="${String(one.id === this.held?.id)}" title="${one.use}"><span class="presets-face">${picture(one)}</span><b>${one.name}</b></button>
      ${one.mine && html`<button type="button" class="quiet" data-do="forget" data-preset="${one.id}" aria-label="Let the preset ${one.name} go">${icon("x")}</button>`}</span>`)}`);
    const chosen = this.cards.querySelector("[aria-pressed=true]")?.parentElement;
    if (chosen && (chosen.offsetLeft < this.cards.scrollLeft || chosen.offsetLeft + chosen.offsetWidth > this.cards.scrollLeft + this.cards.clientWidth)) {
      this.cards.scrollLeft = chosen.offsetLeft - 8;
    }
    this.tell();
  }

  /** What the chosen preset adds, whether something was changed since, and what can be done about it. */
  tell() {
    if (this.naming && this.line.querySelector("input")) return;
    if (this.naming) {
      return void fill(this.line, html`<input maxlength="60" aria-label="Name of the preset" placeholder="Name" value="">
        <button type="button" data-do="keep">Save</button>`);
    }
    const preset = this.now(), lacking = !this.asked && this.all.some((one) => !one.mine && !one.sample);
    const [before, after] = (this.held?.frame ?? "{idea}").split("{idea}");
    const changed = preset && !same(preset, this.values);
    refill(this.line, html`${this.held && (before || after) && html`<span class="presets-words">${before}… ${after}</span>`}
      ${changed && html`<em>Changed since chosen.</em> <button type="button" data-do="again">As it was</button>`}
      ${this.held && html`<button type="button" data-do="none">Without it</button>`}
      <button type="button" data-do="name">Save as mine</button>
      ${lacking && html`<button type="button" data-do="samples">Make the samples</button>`}`);
  }
}
