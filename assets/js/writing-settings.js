// Who answers and how: the model, thinking first, and under Advanced what few people touch.

import * as api from "./api.js";
import { fill, html } from "./dom.js";
import { showModal } from "./layers.js";
import { failed, toast } from "./toast.js";

const number = new Intl.NumberFormat();

/** The language models there are, and what is to be said of them. */
export class Models {
  constructor() { this.all = []; this.note = ""; }

  async load() {
    try {
      const [shelf, tasks] = await Promise.all([api.get("language/models"), api.get("schema")]);
      const order = tasks.find(({ task }) => task === "write")?.models ?? [];
      this.all = shelf.models.filter((model) => model.installed).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
      this.note = shelf.problem ? [shelf.problem.what, shelf.problem.why, shelf.problem.next].join(" ") : "";
    } catch (error) { this.note = error.message; }
  }

  get(id) { return this.all.find((model) => model.id === id); }

  /** The model that answers where none is chosen: the first in the studio's own order. */
  get best() { return this.all[0]; }

  name(id) { return this.get(id)?.name ?? id?.replace(/^ollama:/, "") ?? "Answer"; }
}

/** What a model can, in a line. */
const able = (model) => [
  model.context && `sees ${number.format(model.context)} tokens at once (about ${number.format(Math.round(model.context * 0.75 / 100) * 100)} words)`,
  model.vision ? "sees pictures" : "does not see pictures", model.thinking && "can think first",
].filter(Boolean).join(", ");

export class Settings {
  /** ``fields`` describe the values of a request; ``changed(options)`` hears what differs from the defaults. */
  constructor({ select, think, dialog, about }, { fields, models, changed, kept }) {
    Object.assign(this, { select, think, dialog, about, fields, models, changed, kept });
    this.options = {};
    select.addEventListener("change", () => this.put("model", select.value || null));
    think.addEventListener("click", () => this.put("thinking", this.options.thinking ? null : true));
    dialog.addEventListener("change", (event) => this.take(event.target));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-do=shut]")) dialog.close();
      if (event.target.closest("[data-do=plain]")) this.plain();
    });
    dialog.querySelector(".keep").addEventListener("submit", (event) => { event.preventDefault(); this.keep(event.target); });
    this.build();
  }

  build() {
    const field = ({ name, label, help, unit, min, max, step, initial }) => html`<label class="field"><span>${label}${unit && ` (${unit})`}</span>
      <input type="number" name="${name}" inputmode="decimal" min="${min}" max="${max}" step="${step}" placeholder="${initial ?? ""}">
      <small>${help}</small></label>`;
    fill(this.dialog.querySelector(".values"), html`${this.fields.map(field)}`);
  }

  /** Take over the values of a conversation or a preset. */
  set(options) {
    this.options = { ...options };
    this.show();
  }

  put(name, value) {
    if (value === null || value === "") delete this.options[name]; else this.options[name] = value;
    this.show();
    this.changed(this.options);
  }

  /** What is sent with a message: null where a value went back to its default. */
  get sent() {
    const names = ["model", "thinking", "system", ...this.fields.map((field) => field.name)];
    return Object.fromEntries(names.map((name) => [name, this.options[name] ?? null]));
  }

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
    const gone = chosen && !this.models.get(chosen) ? html`<option value="${chosen}">${this.models.name(chosen)} (not here now)</option>` : "";
    fill(this.select, html`<option value="">${best ? `${best.name}` : "No language model yet"}</option>
      ${all.slice(1).map((model) => html`<option value="${model.id}">${model.name}</option>`)}${gone}`);
    this.select.value = best && chosen === best.id ? "" : chosen;
    const model = this.models.get(chosen) ?? (chosen ? null : best);
    this.think.hidden = !model?.thinking;
    this.think.setAttribute("aria-pressed", String(Boolean(this.options.thinking)));
    fill(this.about, html`${model && html`${model.name} ${able(model)}. ${model.use}`}${this.models.note && html`<br>${this.models.note}`}`);
    this.select.title = model ? able(model) : "";
    for (const input of this.dialog.querySelectorAll("[name]")) {
      if (!input.closest(".keep") && document.activeElement !== input) input.value = this.options[input.name] ?? "";
    }
  }

  open() { this.show(); showModal(this.dialog); }

  async keep(form) {
    const name = form.elements.called.value.trim();
    if (!name) return form.elements.called.focus();
    const { system, ...options } = this.options;
    try {
      await api.post("writing/presets", { name, system: system ?? "", options });
      form.reset();
      this.dialog.close();
      toast(`“${name}” is kept: it stands with the others when you begin something new.`);
      this.kept();
    } catch (error) { failed(error); }
  }
}
