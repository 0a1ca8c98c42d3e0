// Pronunciations: each person's own list, stored in the studio and used by every later voice-over.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, fieldsOf, find, html, onAction, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { toast } from "../core/toast.js";
import { submitBars } from "../form/submit-bar.js";

/**
 * @import { PronunciationView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

export class PronunciationsDialog {
  /** @param {Part} part */
  constructor({ element }) {
    this.open = find(element, "[data-do=words]", HTMLButtonElement);
    this.dialog = find(element, "dialog", HTMLDialogElement);
    this.list = find(this.dialog, "ul");
    this.form = find(this.dialog, "form", HTMLFormElement);
    this.wrong = find(this.dialog, ".wrong");
    onAction(element, {
      words: () => this.show(),
      close: () => this.dialog.close(),
      remove: (target) => this.remove(dataOf(target).word),
    });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.add(); });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => submitBars.get("speak")?.ask());
    on("pronounce", (word) => this.show(word));
    on("tab", (name) => name === "audio" && this.load());
  }

  async load() {
    try { this.draw(await api.get("pronunciations")); } catch { /* the next look at the tab tries again */ }
  }

  /** @param {PronunciationView[]} pairs */
  draw(pairs) {
    find(this.open, "span").textContent = pairs.length ? `Pronunciations · ${pairs.length}` : "Pronunciations";
    render(this.list, pairs.length ? html`${pairs.map(({ word, say }) => html`<li><b>${word}</b><span>${say}</span>
      <button type="button" class="quiet" data-do="remove" data-word="${word}" aria-label="Remove “${word}” from the list">${icon("x")}</button></li>`)}`
      : html`<li class="bare">No entries yet. Add names the voice gets wrong: “Nguyen” as “win”.</li>`);
  }

  async show(word = "") {
    this.wrong.textContent = "";
    this.form.reset();
    showModal(this.dialog);
    const fields = fieldsOf(this.form);
    fields.word.value = word;
    fields[word ? "say" : "word"].focus();
    await this.load();
  }

  async add() {
    const fields = fieldsOf(this.form), word = fields.word.value, say = fields.say.value;
    try {
      await api.put("pronunciations", { word, say });
      this.wrong.textContent = "";
      this.form.reset();
      fields.word.focus();
      toast(`“${word.trim()}” is now pronounced “${say.trim()}”.`);
    } catch (error) { this.wrong.textContent = api.messageOf(error); }
    await this.load();
  }

  /** @param {string} word */
  async remove(word) {
    try { await api.remove(`pronunciations?${new URLSearchParams({ word })}`); } catch (error) { this.wrong.textContent = api.messageOf(error); }
    await this.load();
  }
}
