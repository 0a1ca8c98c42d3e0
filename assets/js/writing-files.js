// What goes along with a message: files brought in by button, drop or paste, or taken from the library.

import * as api from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { DRAGGED, face, project } from "./film.js";
import { showModal } from "./layers.js";
import { toast } from "./toast.js";
import { bytes } from "./words.js";

const MOST = 32;
const READ = new Set(["image", "document", "subtitles"]);
const known = new Map();

const chip = (asset) => html`<span class="face">${face(asset)}</span><span class="name">${asset.title}</span>`;

/** Places for the files of a message; they are filled as soon as it is known what they are. */
export const chips = (ids) => {
  if (!ids.length) return "";
  for (const id of ids) ask(id);
  return html`<div class="files">${ids.map((id) => html`<a class="file" data-file="${id}" href="${api.fileOf(id)}" target="_blank" rel="noopener">${
    known.has(id) ? label(id) : html`<span class="name">…</span>`}</a>`)}</div>`;
};

const label = (id) => { const asset = known.get(id); return asset ? chip(asset) : html`<span class="name">a file that is gone</span>`; };

async function ask(id) {
  if (known.has(id)) return;
  known.set(id, await api.assetIfThere(id));
  for (const place of document.querySelectorAll(`.writing [data-file="${id}"]`)) fill(place, label(id));
}

export class Files {
  /** ``changed()`` hears whenever something was added or taken off. */
  constructor(root, { input, picker, area, changed }) {
    Object.assign(this, { root, picker, changed });
    this.all = [];
    doing(root, { off: (button) => this.off(Number(button.dataset.at)) });
    input.addEventListener("change", () => { for (const file of input.files) this.bring(file); input.value = ""; });
    const takes = (event) => event.dataTransfer.types.includes("Files") || event.dataTransfer.types.includes(DRAGGED);
    area.addEventListener("dragover", (event) => { if (takes(event)) { event.preventDefault(); area.classList.add("over"); } });
    area.addEventListener("dragleave", (event) => area.contains(event.relatedTarget) || area.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      area.classList.remove("over");
      if (!takes(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const dragged = event.dataTransfer.getData(DRAGGED);
      if (dragged) this.take(JSON.parse(dragged).id);
      for (const file of event.dataTransfer.files) this.bring(file);
    });
    doing(picker, { take: (button) => { picker.close(); this.take(button.dataset.id); }, shut: () => picker.close() });
    picker.addEventListener("click", (event) => event.target === picker && picker.close());
    picker.querySelector("[type=search]").addEventListener("input", (event) => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.list(event.target.value), 200);
    });
  }

  get ids() { return this.all.filter((one) => one.asset).map((one) => one.asset.id); }
  get sending() { return this.all.some((one) => one.upload); }

  clear() {
    for (const one of this.all) one.upload?.stop();
    this.set([]);
  }

  set(all) { this.all = all; this.draw(); this.changed(); }

  off(at) { this.all[at].upload?.stop(); this.set(this.all.filter((_, i) => i !== at)); }

  async take(id) {
    try { this.add(await api.asset(id)); } catch (error) { toast(error.message, { bad: true }); }
  }

  /** Put an asset of the library with the message. */
  add(asset) {
    if (!READ.has(asset.kind)) return toast(`“${asset.title}” cannot be read: texts, PDFs, zips and pictures can.`, { bad: true });
    if (this.ids.includes(asset.id)) return;
    known.set(asset.id, asset);
    if (this.room()) this.set([...this.all, { asset }]);
  }

  room() {
    if (this.all.length < MOST) return true;
    toast(`A message takes ${MOST} files at most.`, { bad: true });
    return false;
  }

  async bring(file) {
    if (!this.room()) return;
    const one = { name: file.name || "pasted", size: file.size, part: 0 };
    one.upload = api.upload(file, project.id, (part) => { one.part = part; this.progress(one); });
    this.set([...this.all, one]);
    try {
      const asset = await one.upload.done;
      one.upload = null;
      if (!this.all.includes(one)) return;
      this.all = this.all.filter((other) => other !== one);
      this.add(asset);
      this.draw();
    } catch (error) {
      if (!error.message) return;
      one.upload = null;
      one.wrong = error.message;
    }
    this.draw();
    this.changed();
  }

  progress(one) {
    const bar = this.root.children[this.all.indexOf(one)]?.querySelector(".meter i");
    if (bar) bar.style.width = `${100 * one.part}%`;
  }

  draw() {
    fill(this.root, html`${this.all.map((one, at) => html`<span class="file ${one.wrong ? "wrong" : ""}">${one.asset ? chip(one.asset)
      : html`<span class="name">${one.wrong ?? `${one.name} · ${bytes(one.size)}`}</span>
        ${one.upload && html`<span class="meter" role="progressbar" aria-label="Upload"><i></i></span>`}`}
      <button type="button" class="quiet" data-do="off" data-at="${at}" aria-label="Take ${one.asset?.title ?? one.name} off" title="Take it off">${icon("x")}</button></span>`)}`);
    this.root.hidden = !this.all.length;
  }

  // -- from the library

  choose() {
    this.picker.querySelector("[type=search]").value = "";
    showModal(this.picker);
    this.list("");
  }

  async list(words) {
    const place = this.picker.querySelector(".found");
    try {
      const filter = { q: words.trim(), limit: 100 };
      const page = await api.assets(filter);
      const fits = page.assets.filter((asset) => READ.has(asset.kind));
      fill(place, fits.length ? html`${fits.map((asset) => html`<li><button type="button" data-do="take" data-id="${asset.id}">${chip(asset)}</button></li>`)}`
        : html`<li class="bare">No picture and no document is called that.</li>`);
    } catch (error) { fill(place, html`<li class="bare">${error.message}</li>`); }
  }
}
