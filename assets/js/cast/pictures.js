// An ordered list of pictures: upload, choose from the library, move, remove.

import * as api from "../core/api.js";
import { dataOf, fieldOf, html, onAction, query, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { openViewer } from "../viewer/viewer.js";

/** @import { AssetView } from "../types/api.js" */

/** @typedef {Pick<AssetView, "id" | "title" | "has_thumb">} Picture */

const SHOWN = 30;

export class PictureList {
  /**
   * ``root`` is an empty element; ``changed`` is called when the list changes.
   * @param {HTMLElement} root
   * @param {{ most?: number, words?: string, changed?: () => void }} [options]
   */
  constructor(root, { most = 10, words = "", changed = () => {} } = {}) {
    this.root = root;
    this.most = most;
    this.words = words;
    this.changed = changed;
    /** @type {Picture[]} */
    this.list = [];
    /** @type {AssetView[] | null} */
    this.shelf = null;
    this.busy = "";
    this.wrong = "";
    onAction(root, {
      view: (target) => openViewer({ ids: this.ids, id: dataOf(target).asset }),
      out: (target) => this.put(this.list.filter((_, at) => at !== Number(dataOf(target).at))),
      before: (target) => this.swap(Number(dataOf(target).at), -1),
      after: (target) => this.swap(Number(dataOf(target).at), 1),
      shelf: () => this.open(),
      take: (target) => {
        const asset = this.shelf?.find((one) => one.id === dataOf(target).asset);
        if (asset) this.take(asset);
      },
    });
    root.addEventListener("change", (event) => fieldOf(event).type === "file" && this.bring([...fieldOf(event).files ?? []]));
  }

  get ids() { return this.list.map((one) => one.id); }

  /**
   * Replace the pictures: {id, title, has_thumb}.
   * @param {Picture[]} list
   */
  set(list) { this.shelf = null; this.wrong = ""; this.list = list; this.draw(); }

  /** @param {Picture[]} list */
  put(list) { this.list = list.slice(0, this.most); this.wrong = ""; this.draw(); this.changed(); }

  /**
   * @param {number} at
   * @param {number} by
   */
  swap(at, by) {
    const list = [...this.list];
    [list[at], list[at + by]] = [list[at + by], list[at]];
    this.put(list);
    const again = query(this.root, `[data-do=${by < 0 ? "before" : "after"}][data-at="${at + by}"]`);
    (again ?? query(this.root, `[data-do=out][data-at="${at + by}"]`))?.focus();
  }

  /** @param {Picture} asset */
  take(asset) {
    this.put(this.ids.includes(asset.id) ? this.list.filter((one) => one.id !== asset.id) : [...this.list, asset]);
    query(this.root, `[data-do=take][data-asset="${asset.id}"]`, HTMLButtonElement)?.focus();
  }

  async open() {
    if (this.shelf) { this.shelf = null; return this.draw(); }
    try {
      this.shelf = (await api.assets({ kind: "image", limit: SHOWN })).assets;
    } catch (error) { this.wrong = api.messageOf(error); }
    this.draw();
  }

  /** @param {File[]} files */
  async bring(files) {
    for (const file of files) {
      this.busy = file.name;
      this.draw();
      try {
        const asset = await api.upload(file, project.id, () => {}).done;
        if (asset.kind === "image") this.put([...this.list, asset]);
        else this.wrong = `“${asset.title}” is not a picture.`;
      } catch (error) { this.wrong = api.messageOf(error); }
    }
    this.busy = "";
    this.draw();
  }

  draw() {
    const { list } = this, full = list.length >= this.most;
    render(this.root, html`<ol class="cast-pictures" aria-label="Pictures">${list.map((one, at) => html`<li>
        <button type="button" class="cast-face" data-do="view" data-asset="${one.id}" aria-label="Open ${one.title} in the viewer">${one.has_thumb && html`<img src="${api.thumbOf(one.id)}" alt="" loading="lazy" decoding="async">`}</button>
        <span class="cast-moves"><button type="button" class="quiet" data-do="before" data-at="${at}" aria-label="Move picture ${at + 1} earlier" ${at ? "" : "disabled"}>${icon("left")}</button>
        <button type="button" class="quiet" data-do="out" data-at="${at}" aria-label="Remove picture ${at + 1}">${icon("x")}</button>
        <button type="button" class="quiet" data-do="after" data-at="${at}" aria-label="Move picture ${at + 1} later" ${at < list.length - 1 ? "" : "disabled"}>${icon("right")}</button></span></li>`)}</ol>
      ${!list.length && html`<p class="bare">${this.words}</p>`}
      ${!full && html`<div class="cast-bring"><label class="step">${icon("plus")}Upload<input type="file" accept="image/*" multiple aria-label="Upload pictures"></label>
        <button type="button" class="step" data-do="shelf" aria-expanded="${String(Boolean(this.shelf))}">${icon("library")}From the library</button></div>`}
      ${this.busy && html`<p class="bare" role="status">Uploading ${this.busy} …</p>`}
      ${this.wrong && html`<p class="cast-wrong" role="alert">${this.wrong}</p>`}
      ${this.shelf && !full && this.onShelf(this.shelf)}`);
  }

  /** @param {AssetView[]} shelf */
  onShelf(shelf) {
    if (!shelf.length) return html`<p class="bare">No pictures in the library yet.</p>`;
    return html`<div class="cast-shelf" role="group" aria-label="Pictures in the library">${shelf.map((one) => html`<button type="button" data-do="take" data-asset="${one.id}"
      aria-pressed="${String(this.ids.includes(one.id))}" aria-label="${one.title}" title="${one.title}"><img src="${api.thumbOf(one.id)}" alt="" loading="lazy" decoding="async"></button>`)}</div>`;
  }
}
