// The filmstrip: what this project made in this medium, newest first. Frames can be dragged into the form.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { fill, html, icon } from "./dom.js";
import { facts, when } from "./words.js";

const kinds = { image: "image", video: "clip", audio: "sound" };
export const DRAGGED = "application/x-c41-asset";

/** The project in hand; a null id is my own work. */
export const project = { id: null, name: "My own work" };

/** The picture that stands for an asset, or the sign of its kind. */
export const face = (asset) => (asset.has_thumb
  ? html`<img src="${api.thumbOf(asset.id)}" alt="" loading="lazy" decoding="async" draggable="false">`
  : html`<span class="sign">${icon(asset.kind)}</span>`);

export class Film {
  constructor({ element }, stage) {
    this.medium = element.querySelector("[data-medium]").dataset.medium;
    this.strip = element.querySelector(".film");
    this.stage = stage;
    this.assets = [];
    this.strip.addEventListener("click", (event) => {
      const asset = this.at(event.target);
      if (asset) say("show", { asset });
    });
    this.strip.addEventListener("dragstart", (event) => {
      const asset = this.at(event.target);
      if (asset) event.dataTransfer.setData(DRAGGED, JSON.stringify({ id: asset.id, kind: asset.kind }));
    });
    this.strip.addEventListener("wheel", (event) => {
      if (event.deltaX || !event.deltaY || this.strip.scrollWidth <= this.strip.clientWidth) return;
      this.strip.scrollLeft += event.deltaY;
      event.preventDefault();
    }, { passive: false });
    on("changed", ({ asset }) => {
      if (asset.kind && asset.kind !== kinds[this.medium]) return;
      clearTimeout(this.soon); // what changes together is asked for once
      this.soon = setTimeout(() => this.load(), 100);
    });
    on("finished", () => this.load());
    on("project", () => this.load());
    on("shown", (asset) => { this.shown = asset.id; this.mark(); });
    this.load();
  }

  at(target) {
    const id = target.closest?.("[data-asset]")?.dataset.asset;
    return this.assets.find((asset) => asset.id === id);
  }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    try {
      const page = await api.assets({ kind: kinds[this.medium], project_id: project.id ?? "own", origin: "made", limit: 60 });
      if (turn !== this.turn) return;
      this.assets = page.assets;
    } catch { return; }
    this.draw();
    if (this.assets.length) this.stage()?.offer(this.assets[0]);
  }

  draw() {
    const frame = (asset) => html`<button type="button" class="frame ${asset.kind}" data-asset="${asset.id}" draggable="true"
      aria-label="${asset.title}, ${when(asset.created_at)}" title="${asset.title} · ${facts(asset)}">${face(asset)}
      ${asset.kind === "sound" && html`<em>${asset.title}</em>`}</button>`;
    fill(this.strip, this.assets.length ? html`${this.assets.map(frame)}`
      : html`<p class="bare">The filmstrip fills with what you make here.</p>`);
    this.mark();
  }

  mark() {
    for (const frame of this.strip.querySelectorAll(".frame")) {
      frame.setAttribute("aria-pressed", String(frame.dataset.asset === this.shown));
    }
  }
}
