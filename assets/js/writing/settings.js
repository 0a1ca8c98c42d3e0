// The model and its settings: model, thinking, and the rarely used options under Advanced.

import * as api from "../core/api.js";
import { fieldOf, fieldsOf, find, findFields, formOf, html, render, targetOf } from "../core/dom.js";
import { showModal } from "../core/layers.js";
import { failed, toast } from "../core/toast.js";

/** @import { LanguageModel, Options } from "../types/api.js" */

/**
 * @typedef {object} SettingField
 * @property {string} name
 * @property {string} label
 * @property {string} help
 * @property {string} [unit]
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {number | null} [initial]
 */

const number = new Intl.NumberFormat();

/** The available language models and their descriptions. */
export class LanguageModels {
  /** A better model to download. @type {LanguageModel | undefined} */
  suggested;

  constructor() {
    /** @type {LanguageModel[]} */
    this.all = [];
    this.note = "";
  }

  async load() {
    try {
      const [shelf, tasks] = await Promise.all([api.get("language/models"), api.get("schema")]);
      const order = tasks.find(({ task }) => task === "write")?.models ?? [];
      this.suggested = shelf.models.find((model) => model.id === shelf.suggested);
      this.all = shelf.models.filter((model) => model.installed).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
      this.note = shelf.problem ? [shelf.problem.what, shelf.problem.why, shelf.problem.next].join(" ") : "";
    } catch (error) { this.note = api.messageOf(error); }
  }

  /** @param {string} id */
  get(id) { return this.all.find((model) => model.id === id); }

  /** The default model: the first in the studio's order. */
  get best() { return this.all[0]; }

  /** @param {string | null | undefined} id */
  name(id) { return this.get(id ?? "")?.name ?? id?.replace(/^ollama:/, "") ?? "Answer"; }
}

/**
 * A model's capabilities in one line.
 * @param {LanguageModel} model
 */
const able = (model) => [
  model.context && `context of ${number.format(model.context)} tokens (about ${number.format(Math.round(model.context * 0.75 / 100) * 100)} words)`,
  model.vision ? "can see pictures" : "cannot see pictures", model.thinking && "can think first",
].filter(Boolean).join(", ");

export class WritingSettings {
  /**
   * ``fields`` describe the values of a request; ``changed(options)`` gets the values that differ from the defaults;
   * ``shown(model)`` gets the model in use whenever it is shown.
   * @param {{ select: HTMLSelectElement, think: HTMLButtonElement, dialog: HTMLDialogElement, about: HTMLElement }} parts
   * @param {{ fields: SettingField[], models: LanguageModels, changed: (options: Options) => void, kept: () => void, shown: (model: LanguageModel | null | undefined) => void }} options
   */
  constructor({ select, think, dialog, about }, { fields, models, changed, kept, shown }) {
    this.select = select;
    this.think = think;
    this.dialog = dialog;
    this.about = about;
    this.fields = fields;
    this.models = models;
    this.changed = changed;
    this.kept = kept;
    this.shown = shown;
    /** @type {Options} */
    this.options = {};
    select.addEventListener("change", () => this.put("model", select.value || null));
    think.addEventListener("click", () => this.put("thinking", this.options.thinking ? null : true));
    dialog.addEventListener("change", (event) => this.take(fieldOf(event)));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || targetOf(event).closest("[data-do=shut]")) dialog.close();
      if (targetOf(event).closest("[data-do=plain]")) this.plain();
    });
    find(dialog, ".keep").addEventListener("submit", (event) => { event.preventDefault(); this.keep(formOf(event)); });
    this.build();
  }

  build() {
    /** @param {SettingField} field */
    const field = ({ name, label, help, unit, min, max, step, initial }) => html`<label class="field"><span>${label}${unit && ` (${unit})`}</span>
      <input type="number" name="${name}" inputmode="decimal" min="${min}" max="${max}" step="${step}" placeholder="${initial ?? ""}">
      <small>${help}</small></label>`;
    render(find(this.dialog, ".values"), html`${this.fields.map(field)}`);
  }

  /**
   * Apply the values of a conversation or a preset.
   * @param {Options} options
   */
  set(options) {
    this.options = { ...options };
    this.show();
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  put(name, value) {
    if (value === null || value === "") delete this.options[name]; else this.options[name] = value;
    this.show();
    this.changed(this.options);
  }

  /** The options sent with a message; null for a value that was reset to its default. */
  get sent() {
    const names = ["model", "thinking", "system", ...this.fields.map((field) => field.name)];
    return Object.fromEntries(names.map((name) => [name, this.options[name] ?? null]));
  }

  /** @param {HTMLInputElement} input */
  take(input) {
    if (!input.name || input.closest(".keep")) return;
    if (!input.checkValidity()) { input.reportValidity(); return; }
    this.put(input.name, input.type === "number" ? (input.value === "" ? null : Number(input.value)) : input.value.trim());
  }

  plain() {
    this.options = this.options.model ? { model: this.options.model } : {};
    this.show();
    this.changed(this.options);
  }

  show() {
    const { all, best } = this.models;
    const chosen = this.options.model ?? "";
    const gone = chosen && !this.models.get(chosen) ? html`<option value="${chosen}">${this.models.name(chosen)} (not available)</option>` : "";
    render(this.select, html`<option value="">${best ? `${best.name}` : "No language model yet"}</option>
      ${all.slice(1).map((model) => html`<option value="${model.id}">${model.name}</option>`)}${gone}`);
    this.select.value = best && chosen === best.id ? "" : chosen;
    const model = this.models.get(chosen) ?? (chosen ? null : best);
    this.think.hidden = !model?.thinking;
    this.think.setAttribute("aria-pressed", String(Boolean(this.options.thinking)));
    render(this.about, html`${model && html`${model.name} ${able(model)}. ${model.use}`}${this.models.note && html`<br>${this.models.note}`}`);
    this.select.title = model ? able(model) : "";
    this.shown(model);
    for (const input of findFields(this.dialog, "[name]")) {
      if (!input.closest(".keep") && document.activeElement !== input) input.value = this.options[input.name] ?? "";
    }
  }

  open() { this.show(); showModal(this.dialog); }

  /** @param {HTMLFormElement} form */
  async keep(form) {
    const { called } = fieldsOf(form), name = called.value.trim();
    if (!name) return called.focus();
    const { system, ...options } = this.options;
    try {
      await api.post("writing/presets", { name, system: system ?? "", options });
      form.reset();
      this.dialog.close();
      toast(`“${name}” saved. It appears with the other formats when you start a new conversation.`);
      this.kept();
    } catch (error) { failed(error); }
  }
}
