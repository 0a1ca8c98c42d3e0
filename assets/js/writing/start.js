// The start of a conversation: the formats, each with an example, and the fields of a good first message.

import * as api from "../core/api.js";
import { dataOf, html, onAction, query, queryField, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, toast } from "../core/toast.js";

/** @import { PresetField, WritingPreset } from "../types/api.js" */

/** @type {Record<string, string>} */
const signs = { proposal: "document", email: "mail", "ad-script": "clip", scene: "scene", shots: "list", code: "code", read: "book" };

export class StartScreen {
  /** @type {string} */
  aside;

  /**
   * ``chosen(preset)`` is called with the choice (null for none); ``send()`` sends the filled-in fields.
   * @param {HTMLElement} root
   * @param {{ chosen: (preset: WritingPreset | null) => void, send: () => void, suggest: (text: string) => void }} options
   */
  constructor(root, { chosen, send, suggest }) {
    this.root = root;
    this.chosen = chosen;
    this.send = send;
    this.suggest = suggest;
    /** @type {WritingPreset[]} */
    this.presets = [];
    /** @type {WritingPreset | null} */
    this.preset = null;
    onAction(root, {
      pick: (card) => this.pick(dataOf(card).id),
      example: (button) => { this.pick(button.dataset.id ?? this.preset?.id); this.example(); },
      back: () => this.pick(null),
      send: () => this.send(),
      forget: (button) => this.forget(dataOf(button).id),
    });
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey || targetOf(event).matches("input"))) return;
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

  /** @param {string | null | undefined} id */
  pick(id) {
    this.preset = this.presets.find((one) => one.id === id) ?? null;
    this.draw();
    this.chosen(this.preset);
    if (this.preset?.fields.length && !matchMedia("(pointer: coarse)").matches) query(this.root, "[name]")?.focus();
  }

  example() {
    for (const [name, value] of Object.entries(this.preset?.example ?? {})) {
      const field = queryField(this.root, `[name="${name}"]`);
      if (field) field.value = value; else this.suggest(value);
    }
    query(this.root, ".go", HTMLButtonElement)?.focus();
  }

  /** The filled-in fields as the start of a message. */
  words() {
    if (!this.preset) return "";
    const lines = this.preset.fields.map(({ name, label }) => [label, queryField(this.root, `[name="${name}"]`)?.value.trim()])
      .filter(([, value]) => value).map(([label, value]) => `${label}: ${value}`).join("\n");
    return lines && [this.preset.ask, lines].filter(Boolean).join("\n\n");
  }

  /** The title of the new conversation: the preset and its first field. */
  title() {
    const first = this.preset?.fields.length ? queryField(this.root, "[name]")?.value.trim().split(/[\n,;:]/)[0] : "";
    return first ? `${this.preset?.name}: ${first}`.slice(0, 80) : "";
  }

  /** @param {string} id */
  async forget(id) {
    const preset = this.presets.find((one) => one.id === id);
    if (!preset) return;
    try {
      await api.remove(`writing/presets/${id}`);
      await this.load();
      toast(`“${preset.name}” deleted.`, { act: { label: "Undo", run: async () => {
        await api.post("writing/presets", { name: preset.name, system: preset.system, options: preset.options }).catch(failed);
        this.load();
      } } });
    } catch (error) { failed(error); }
  }

  /**
   * A note below the cards: why there are no more models.
   * @param {string} text
   */
  note(text) { this.aside = text; this.draw(); }

  draw() { render(this.root, this.preset ? this.form(this.preset) : this.cards()); }

  cards() {
    /** @param {WritingPreset} preset */
    const card = (preset) => html`<li class="preset"><button type="button" class="into" data-do="pick" data-id="${preset.id}">
      <span class="sign">${icon(signs[preset.id] ?? "pen")}</span><b>${preset.name}</b><span>${preset.use}</span></button>
      ${Object.keys(preset.example).length > 0 && html`<button type="button" class="link" data-do="example" data-id="${preset.id}"
        aria-label="Example: ${preset.name}">Example</button>`}
      ${preset.mine && html`<button type="button" class="quiet" data-do="forget" data-id="${preset.id}" aria-label="Delete “${preset.name}”"
        title="Delete">${icon("x")}</button>`}</li>`;
    return html`<h2>What would you like to write?</h2>
      <p class="note">Choose a format, or just start typing. Everything stays on this computer.</p>
      <ul class="presets">${this.presets.map(card)}</ul>
      ${this.aside && html`<p class="note aside">${this.aside}</p>`}`;
  }

  /** @param {WritingPreset} preset */
  form(preset) {
    /** @param {PresetField} field */
    const field = ({ name, label, hint, lines }) => html`<label><span>${label}</span>${lines > 1
      ? html`<textarea name="${name}" rows="${lines}" placeholder="${hint}"></textarea>`
      : html`<input name="${name}" placeholder="${hint}" autocomplete="off">`}</label>`;
    return html`<button type="button" class="link back" data-do="back">${icon("left")}All formats</button>
      <h2>${preset.name}</h2><p class="note">${preset.use}${preset.attach && " Attach it below, or drop it here."}</p>
      <div class="fields">${preset.fields.map(field)}</div>
      <div class="do">${preset.fields.length > 0 && html`<button type="button" class="go" data-do="send">${preset.verb}</button>`}
        ${Object.keys(preset.example).length > 0 && html`<button type="button" class="link" data-do="example">Fill in an example</button>`}</div>
      <details class="orders"><summary>Instructions to the model</summary><pre>${preset.system}</pre></details>`;
  }
}
