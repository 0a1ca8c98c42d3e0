// Pictures in an order: brought in, taken from the library, moved, taken out.

import * as api from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";

const SHOWN = 30;

export class Pictures {
  /** ``root`` is an empty element; ``changed`` is told when there are others. */
  constructor(root, { most = 10, words = "", changed = () => {} } = {}) {
    Object.assign(this, { root, most, words, changed, list: [], shelf: null });
    doing(root, {
      out: (target) => this.put(this.list.filter((_, at) => at !== Number(target.dataset.at))),
      before: (target) => this.swap(Number(target.dataset.at), -1),
      after: (target) => this.swap(Number(target.dataset.at), 1),
      shelf: () => this.open(),
      take: (target) => this.take(this.shelf.find((one) => one.id === target.dataset.asset)),
    });
    root.addEventListener("change", (event) => event.target.type === "file" && this.bring([...event.target.files]));
  }

  get ids() { return this.list.map((one) => one.id); }

  /** These pictures now: {id, title, has_thumb}. */
  set(list) { this.shelf = null; this.wrong = ""; this.list = list; this.draw(); }

  put(list) { this.list = list.slice(0, this.most); this.wrong = ""; this.draw(); this.changed(); }

  swap(at, by) {
    const list = [...this.list];
    [list[at], list[at + by]] = [list[at + by], list[at]];
    this.put(list);
    const again = this.root.querySelector(`[data-do=${by < 0 ? "before" : "after"}][data-at="${at + by}"]`);
    (again ?? this.root.querySelector(`[data-do=out][data-at="${at + by}"]`))?.focus();
  }

  take(asset) {
    this.put(this.ids.includes(asset.id) ? this.list.filter((one) => one.id !== asset.id) : [...this.list, asset]);
    this.root.querySelector(`[data-do=take][data-asset="${asset.id}"]`)?.focus();
  }

  async open() {
    if (this.shelf) { this.shelf = null; return this.draw(); }
    try {
      this.shelf = (await api.assets({ kind: "image", limit: SHOWN })).assets;
    } catch (error) { this.wrong = error.message; }
    this.draw();
  }

  async bring(files) {
    for (const file of files) {
      this.busy = file.name;
      this.draw();
      try {
        const asset = await api.upload(file, project.id, () => {}).done;
        if (asset.kind === "image") this.put([...this.list, asset]);
        else this.wrong = `“${asset.title}” is not a picture.`;
      } catch (error) { this.wrong = error.message; }
    }
    this.busy = "";
    this.draw();
  }

  draw() {
    const { list } = this, full = list.length >= this.most;
    fill(this.root, html`<ol class="cast-pictures" aria-label="Pictures">${list.map((one, at) => html`<li>
        <span class="cast-face">${one.has_thumb && html`<img src="${api.thumbOf(one.id)}" alt="${one.title}" loading="lazy" decoding="async">`}</span>
        <span class="cast-moves"><button type="button" class="quiet" data-do="before" data-at="${at}" aria-label="Picture ${at + 1} earlier" ${at ? "" : "disabled"}>${icon("left")}</button>
        <button type="button" class="quiet" data-do="out" data-at="${at}" aria-label="Take picture ${at + 1} out">${icon("x")}</button>
        <button type="button" class="quiet" data-do="after" data-at="${at}" aria-label="Picture ${at + 1} later" ${at < list.length - 1 ? "" : "disabled"}>${icon("right")}</button></span></li>`)}</ol>
      ${!list.length && html`<p class="bare">${this.words}</p>`}
      ${!full && html`<div class="cast-bring"><label class="step">${icon("plus")}Bring in<input type="file" accept="image/*" multiple aria-label="Bring pictures in"></label>
        <button type="button" class="step" data-do="shelf" aria-expanded="${String(Boolean(this.shelf))}">${icon("library")}From the library</button></div>`}
      ${this.busy && html`<p class="bare" role="status">${this.busy} is on its way …</p>`}
      ${this.wrong && html`<p class="cast-wrong" role="alert">${this.wrong}</p>`}
      ${this.shelf && !full && this.onShelf()}`);
  }

  onShelf() {
    if (!this.shelf.length) return html`<p class="bare">The library holds no pictures yet.</p>`;
    return html`<div class="cast-shelf" role="group" aria-label="Pictures of the library">${this.shelf.map((one) => html`<button type="button" data-do="take" data-asset="${one.id}"
      aria-pressed="${String(this.ids.includes(one.id))}" aria-label="${one.title}" title="${one.title}"><img src="${api.thumbOf(one.id)}" alt="" loading="lazy" decoding="async"></button>`)}</div>`;
  }
}
