// Before the first word: what one can write here, each with an example, and the questions a good first message answers.

import * as api from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { failed, toast } from "./toast.js";

const signs = { proposal: "document", email: "mail", "ad-script": "clip", scene: "scene", shots: "list", code: "code", read: "book" };

export class Start {
  /** ``chosen(preset)`` hears of a choice (null for none), ``send()`` asks for what was filled in. */
  constructor(root, { chosen, send, suggest }) {
    Object.assign(this, { root, chosen, send, suggest });
    this.presets = [];
    this.preset = null;
    doing(root, {
      pick: (card) => this.pick(card.dataset.id),
      example: (button) => { this.pick(button.dataset.id ?? this.preset.id); this.example(); },
      back: () => this.pick(null),
      send: () => this.send(),
      forget: (button) => this.forget(button.dataset.id),
    });
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey || event.target.matches("input"))) return;
      event.preventDefault();
      event.stopPropagation();
      this.send();
    });
    this.load();
  }

  async load() {
    try { this.presets = await api.get("writing/presets"); } catch (error) { return failed(error); }
    if (!this.preset) this.draw();
  }

  pick(id) {
    this.preset = this.presets.find((one) => one.id === id) ?? null;
    this.draw();
    this.chosen(this.preset);
    if (this.preset?.fields.length && !matchMedia("(pointer: coarse)").matches) this.root.querySelector("[name]")?.focus();
  }

  example() {
    for (const [name, value] of Object.entries(this.preset.example)) {
      const field = this.root.querySelector(`[name="${name}"]`);
      if (field) field.value = value; else this.suggest(value);
    }
    this.root.querySelector(".go")?.focus();
  }

  /** What was filled in, as the beginning of a message. */
  words() {
    if (!this.preset) return "";
    const lines = this.preset.fields.map(({ name, label }) => [label, this.root.querySelector(`[name="${name}"]`)?.value.trim()])
      .filter(([, value]) => value).map(([label, value]) => `${label}: ${value}`).join("\n");
    return lines && [this.preset.ask, lines].filter(Boolean).join("\n\n");
  }

  /** The name of a conversation begun so: the preset and what its first field says. */
  title() {
    const first = this.preset?.fields.length ? this.root.querySelector("[name]")?.value.trim().split(/[\n,;:]/)[0] : "";
    return first ? `${this.preset.name}: ${first}`.slice(0, 80) : "";
  }

  async forget(id) {
    const preset = this.presets.find((one) => one.id === id);
    try {
      await api.remove(`writing/presets/${id}`);
      await this.load();
      toast(`“${preset.name}” is let go.`, { act: { label: "Undo", run: async () => {
        await api.post("writing/presets", { name: preset.name, system: preset.system, options: preset.options }).catch(failed);
        this.load();
      } } });
    } catch (error) { failed(error); }
  }

  /** A calm line under the cards: why there are not more models. */
  note(text) { this.aside = text; this.draw(); }

  draw() { fill(this.root, this.preset ? this.form() : this.cards()); }

  cards() {
    const card = (preset) => html`<li class="preset"><button type="button" class="into" data-do="pick" data-id="${preset.id}">
      <span class="sign">${icon(signs[preset.id] ?? "pen")}</span><b>${preset.name}</b><span>${preset.use}</span></button>
      ${Object.keys(preset.example).length > 0 && html`<button type="button" class="link" data-do="example" data-id="${preset.id}"
        aria-label="Example: ${preset.name}">Example</button>`}
      ${preset.mine && html`<button type="button" class="quiet" data-do="forget" data-id="${preset.id}" aria-label="Let “${preset.name}” go"
        title="Let it go">${icon("x")}</button>`}</li>`;
    return html`<h2>What shall we write?</h2>
      <p class="note">Pick what it is to be, or just write below. Everything stays on this machine.</p>
      <ul class="presets">${this.presets.map(card)}</ul>
      ${this.aside && html`<p class="note aside">${this.aside}</p>`}`;
  }

  form() {
    const { preset } = this;
    const field = ({ name, label, hint, lines }) => html`<label><span>${label}</span>${lines > 1
      ? html`<textarea name="${name}" rows="${lines}" placeholder="${hint}"></textarea>`
      : html`<input name="${name}" placeholder="${hint}" autocomplete="off">`}</label>`;
    return html`<button type="button" class="link back" data-do="back">${icon("left")}All of them</button>
      <h2>${preset.name}</h2><p class="note">${preset.use}${preset.attach && " Attach it below, or drop it here."}</p>
      <div class="fields">${preset.fields.map(field)}</div>
      <div class="do">${preset.fields.length > 0 && html`<button type="button" class="go" data-do="send">${preset.verb}</button>`}
        ${Object.keys(preset.example).length > 0 && html`<button type="button" class="link" data-do="example">Fill in an example</button>`}</div>
      <details class="orders"><summary>What it is told to do</summary><pre>${preset.system}</pre></details>`;
  }
}
