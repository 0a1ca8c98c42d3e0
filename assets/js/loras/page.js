// The LoRAs page: every LoRA of the library with its name and trigger words, to edit, delete and add.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { closest, dataOf, fieldOf, find, findField, html, onAction, render, renderChanged } from "../core/dom.js";
import { drawAround } from "../core/focus.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { thumbnail } from "../core/thumbnail.js";
import { failed } from "../core/toast.js";
import { deleteAsset } from "../stage/asset-actions.js";
import { parseTriggers } from "./facts.js";
import { addLora } from "./picker.js";

/**
 * @import { LoraView } from "../types/api.js"
 * @import { Part, Values } from "../types/page.js"
 */

const PAUSE = 200; // ms after the last key before the search starts

/** @param {LoraView} lora */
const card = (lora) => html`<li data-asset="${lora.id}"><span class="face">${thumbnail({ ...lora, kind: "lora" })}</span>
  <div class="loras-fields">${lora.mine
    ? html`<label><span class="visually-hidden">Name</span><input name="title" maxlength="200" value="${lora.title}" autocomplete="off" spellcheck="false"></label>
      <label><span>Trigger words</span><input name="triggers" maxlength="1000" value="${lora.triggers.join(", ")}" autocomplete="off" spellcheck="false" placeholder="Separated by commas"></label>`
    : html`<b>${lora.title}</b><span>${lora.triggers.length ? `Trigger words: ${lora.triggers.join(", ")}` : "No trigger words"}</span>`}
    <small>${[lora.family_name || "Unknown family", lora.rank && `rank ${lora.rank}`, formatBytes(lora.bytes), !lora.mine && `from ${lora.owner}`].filter(Boolean).join(" · ")}</small>
    ${(lora.obstacle || lora.note) && html`<small class="${lora.obstacle ? "loras-misfit" : ""}">${lora.obstacle || lora.note}</small>`}</div>
  <div class="steps"><a class="step" href="#library?asset=${lora.id}">Details</a>
    ${lora.mine && html`<button type="button" class="step" data-do="remove" aria-label="Delete ${lora.title}">${icon("trash")}Delete</button>`}</div></li>`;

export class LorasPage {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".loras-page");
    this.list = find(this.root, ".loras-grid");
    this.search = findField(this.root, "[name=loras-search]");
    this.turn = 0;
    onAction(this.root, {
      add: () => addLora(),
      remove: async (button) => {
        const { asset } = dataOf(closest(button, "[data-asset]"));
        try { await deleteAsset(await api.asset(asset)); } catch (error) { failed(error); }
      },
    });
    this.search.addEventListener("input", () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.load(), PAUSE); });
    this.list.addEventListener("change", (event) => this.edited(fieldOf(event)));
    on("tab", (name) => name === "loras" && this.load());
    on("changed", ({ asset }) => this.front && (!asset.kind || asset.kind === "lora") && this.load());
    on("finished", (job) => this.front && job.task === "fetch_lora" && this.load());
    this.load();
  }

  get front() { return document.body.dataset.tab === "loras"; }

  async load() {
    if (!this.front) return;
    const turn = this.turn += 1, q = this.search.value.trim(), end = find(this.root, ".loras-end");
    try {
      const { loras } = await api.get(`loras?${api.query({ q })}`);
      if (turn !== this.turn) return;
      drawAround(this.list, () => renderChanged(this.list, html`${loras.map(card)}`));
      render(end, loras.length ? "" : q ? html`<p class="bare">No matches. Try fewer words.</p>`
        : html`<div class="teach">${icon("lora")}<h2>No LoRAs yet.</h2><p>Add a file, or one from Hugging Face.</p>
          <button type="button" class="step first" data-do="add">Add a LoRA</button></div>`);
    } catch (error) { render(end, html`<p class="bare" role="alert">${api.messageOf(error)}</p>`); }
  }

  /** @param {HTMLInputElement} field */
  async edited(field) {
    const { asset } = dataOf(closest(field, "[data-asset]"));
    field.defaultValue = field.value;
    /** @type {Values} */
    const values = field.name === "triggers" ? { triggers: parseTriggers(field.value) } : { title: field.value.trim() };
    try { emit("changed", { asset: await api.patch(`assets/${asset}`, values) }); } catch (error) {
      failed(error);
      render(this.list, ""); // restore the old values
      this.load();
    }
  }
}
