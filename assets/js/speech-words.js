// How words are said: one's own list, kept by the studio, followed by everything spoken from now on.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { feet } from "./foot.js";
import { showModal } from "./layers.js";
import { toast } from "./toast.js";

export class Pronunciations {
  constructor({ element }) {
    this.open = element.querySelector("[data-do=words]");
    this.dialog = element.querySelector("dialog");
    this.list = this.dialog.querySelector("ul");
    this.form = this.dialog.querySelector("form");
    this.wrong = this.dialog.querySelector(".wrong");
    doing(element, {
      words: () => this.show(),
      close: () => this.dialog.close(),
      remove: (target) => this.remove(target.dataset.word),
    });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.add(); });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => feet.get("speak")?.ask());
    on("pronounce", (word) => this.show(word));
    on("tab", (name) => name === "audio" && this.load());
  }

  async load() {
    try { this.draw(await api.get("pronunciations")); } catch { /* the next look at the tab tries again */ }
  }

  draw(pairs) {
    this.open.querySelector("span").textContent = pairs.length ? `Pronunciations · ${pairs.length}` : "Pronunciations";
    fill(this.list, pairs.length ? html`${pairs.map(({ word, say }) => html`<li><b>${word}</b><span>${say}</span>
      <button type="button" class="quiet" data-do="remove" data-word="${word}" aria-label="Take “${word}” off the list">${icon("x")}</button></li>`)}`
      : html`<li class="bare">Nothing yet. Names are worth writing down once: “Nguyen” as “win”.</li>`);
  }

  async show(word = "") {
    this.wrong.textContent = "";
    this.form.reset();
    showModal(this.dialog);
    this.form.elements.word.value = word;
    this.form.elements[word ? "say" : "word"].focus();
    await this.load();
  }

  async add() {
    const { word, say } = Object.fromEntries(new FormData(this.form));
    try {
      await api.put("pronunciations", { word, say });
      this.wrong.textContent = "";
      this.form.reset();
      this.form.elements.word.focus();
      toast(`“${word.trim()}” is said “${say.trim()}” from now on.`);
    } catch (error) { this.wrong.textContent = error.message; }
    await this.load();
  }

  async remove(word) {
    try { await api.remove(`pronunciations?${new URLSearchParams({ word })}`); } catch (error) { this.wrong.textContent = error.message; }
    await this.load();
  }
}
