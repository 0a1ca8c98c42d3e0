// The attachments of a message: uploaded by button, drop or paste, or chosen from the library.

import * as api from "../core/api.js";
import { dataOf, fieldOf, find, findAll, findField, html, onAction, query, render } from "../core/dom.js";
import { carriesAsset, carriesFiles, droppedAsset, transferOf } from "../core/drag.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { project } from "../core/project.js";
import { thumbnail } from "../core/thumbnail.js";
import { toast } from "../core/toast.js";

/** @import { AssetView } from "../types/api.js" */

/**
 * @typedef {object} Attached a file of the message, or one being uploaded
 * @property {AssetView} [asset]
 * @property {string} [name]
 * @property {number} [size] in bytes
 * @property {number} [part] uploaded, 0..1
 * @property {string} [wrong] the error
 * @property {import("../core/api.js").Upload<AssetView> | null} [upload]
 */

const MOST = 32;
const READ = new Set(["image", "document", "subtitles"]);

/** @type {Map<string, AssetView | null>} */
const known = new Map();

/** @param {AssetView} asset */
const chip = (asset) => html`<span class="face">${thumbnail(asset)}</span><span class="name">${asset.title}</span>`;

/**
 * Links for the files of a message, filled in once the files are known.
 * @param {string[]} ids
 */
export const attachmentLinks = (ids) => {
  if (!ids.length) return "";
  for (const id of ids) ask(id);
  return html`<div class="files">${ids.map((id) => html`<a class="file" data-file="${id}" href="${api.fileOf(id)}" target="_blank" rel="noopener">${
    known.has(id) ? label(id) : html`<span class="name">…</span>`}</a>`)}</div>`;
};

/** @param {string} id */
const label = (id) => { const asset = known.get(id); return asset ? chip(asset) : html`<span class="name">deleted file</span>`; };

/** @param {string} id */
async function ask(id) {
  if (known.has(id)) return;
  known.set(id, await api.assetIfThere(id));
  for (const place of findAll(document, `.writing [data-file="${id}"]`)) render(place, label(id));
}

export class Attachments {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;

  /**
   * ``changed()`` is called when a file is added or removed.
   * @param {HTMLElement} root
   * @param {{ input: HTMLInputElement, picker: HTMLDialogElement, area: HTMLElement, changed: () => void }} options
   */
  constructor(root, { input, picker, area, changed }) {
    this.root = root;
    this.picker = picker;
    this.changed = changed;
    /** @type {Attached[]} */
    this.all = [];
    onAction(root, { off: (button) => this.off(Number(dataOf(button).at)) });
    input.addEventListener("change", () => { for (const file of input.files ?? []) this.bring(file); input.value = ""; });
    /** @param {DragEvent} event */
    const takes = (event) => carriesFiles(event) || carriesAsset(event);
    area.addEventListener("dragover", (event) => { if (takes(event)) { event.preventDefault(); area.classList.add("over"); } });
    area.addEventListener("dragleave", (event) => area.contains(/** @type {Node | null} */ (event.relatedTarget)) || area.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      area.classList.remove("over");
      if (!takes(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const asset = droppedAsset(event);
      if (asset) this.take(asset.id);
      for (const file of transferOf(event).files) this.bring(file);
    });
    onAction(picker, { take: (button) => { picker.close(); this.take(dataOf(button).id); }, shut: () => picker.close() });
    picker.addEventListener("click", (event) => event.target === picker && picker.close());
    findField(picker, "[type=search]").addEventListener("input", (event) => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.list(fieldOf(event).value), 200);
    });
  }

  get ids() { return this.all.flatMap((one) => one.asset?.id ?? []); }
  get sending() { return this.all.some((one) => one.upload); }

  clear() {
    for (const one of this.all) one.upload?.stop();
    this.set([]);
  }

  /** @param {Attached[]} all */
  set(all) { this.all = all; this.draw(); this.changed(); }

  /** @param {number} at */
  off(at) { this.all[at].upload?.stop(); this.set(this.all.filter((_, i) => i !== at)); }

  /** @param {string} id */
  async take(id) {
    try { this.add(await api.asset(id)); } catch (error) { toast(api.messageOf(error), { bad: true }); }
  }

  /**
   * Attach an asset from the library.
   * @param {AssetView} asset
   */
  add(asset) {
    if (!READ.has(asset.kind)) return toast(`“${asset.title}” cannot be attached. Attach text files, PDFs, ZIP files or pictures.`, { bad: true });
    if (this.ids.includes(asset.id)) return;
    known.set(asset.id, asset);
    if (this.room()) this.set([...this.all, { asset }]);
  }

  room() {
    if (this.all.length < MOST) return true;
    toast(`You can attach up to ${MOST} files to a message.`, { bad: true });
    return false;
  }

  /** @param {File} file */
  async bring(file) {
    if (!this.room()) return;
    /** @type {Attached} */
    const one = { name: file.name || "pasted", size: file.size, part: 0 };
    const upload = one.upload = api.upload(file, project.id, (part) => { one.part = part; this.progress(one); });
    this.set([...this.all, one]);
    try {
      const asset = await upload.done;
      one.upload = null;
      if (!this.all.includes(one)) return;
      this.all = this.all.filter((other) => other !== one);
      this.add(asset);
      this.draw();
    } catch (error) {
      if (!api.messageOf(error)) return;
      one.upload = null;
      one.wrong = api.messageOf(error);
    }
    this.draw();
    this.changed();
  }

  /** @param {Attached} one */
  progress(one) {
    const bar = query(this.root, `:scope > :nth-child(${this.all.indexOf(one) + 1}) .meter i`);
    if (bar) bar.style.width = `${100 * (one.part ?? 0)}%`;
  }

  draw() {
    render(this.root, html`${this.all.map((one, at) => html`<span class="file ${one.wrong ? "wrong" : ""}">${one.asset ? chip(one.asset)
      : html`<span class="name">${one.wrong ?? `${one.name} · ${formatBytes(one.size ?? 0)}`}</span>
        ${one.upload && html`<span class="meter" role="progressbar" aria-label="Upload"><i></i></span>`}`}
      <button type="button" class="quiet" data-do="off" data-at="${at}" aria-label="Remove ${one.asset?.title ?? one.name}" title="Remove">${icon("x")}</button></span>`)}`);
    this.root.hidden = !this.all.length;
  }

  // -- from the library

  choose() {
    findField(this.picker, "[type=search]").value = "";
    showModal(this.picker);
    this.list("");
  }

  /** @param {string} words */
  async list(words) {
    const place = find(this.picker, ".found");
    try {
      const filter = { q: words.trim(), limit: 100 };
      const page = await api.assets(filter);
      const fits = page.assets.filter((asset) => READ.has(asset.kind));
      render(place, fits.length ? html`${fits.map((asset) => html`<li><button type="button" data-do="take" data-id="${asset.id}">${chip(asset)}</button></li>`)}`
        : html`<li class="bare">No picture or document matches.</li>`);
    } catch (error) { render(place, html`<li class="bare">${api.messageOf(error)}</li>`); }
  }
}
