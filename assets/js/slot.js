// Where a picture or clip is put in: drop, paste, choose, photograph, or take one from the filmstrip.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { DRAGGED, face, project } from "./film.js";
import { recalled } from "./foot.js";
import { notes } from "./result.js";
import { bytes, facts, kinds } from "./words.js";

const accepted = { image: "image/*,.heic,.heif,.avif", clip: "video/*", sound: "audio/*,.aif,.aiff,.aifc,.caf,.w64,.amr" };
const fits = { image: "image/", clip: "video/", sound: "audio/" };
/** Why a file of one kind is not taken as another. */
const misfit = (name, type, kind) => (type === "image/gif" && kind === "clip" ? "A GIF is treated as a picture here. Convert it to MP4 to use it as a clip." : `“${name}” is not a ${kinds[kind]}.`);
const samples = { image: "portrait.jpg", clip: "pan.mp4" };
const seen = (element) => element.offsetParent !== null;

export const slots = [];

export class Slot {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".slot");
    this.kind = this.root.dataset.kind;
    this.main = this.root.dataset.main === "yes";
    this.box = this.root.querySelector(".slot-box");
    this.element = element;
    doing(this.root, {
      clear: () => this.set(null),
      choose: () => this.box.querySelector("input")?.click(),
      sample: (button) => this.sample(button),
    });
    this.box.addEventListener("change", (event) => event.target.files?.[0] && this.bring(event.target.files[0]));
    this.drops(this.main ? element.closest(".bench") ?? this.root : this.root);
    watch("value", () => this.draw(props.value));
    on("changed", ({ asset, gone }) => gone && asset.id === props.value && this.set(null));
    slots.push(this);
    this.draw(props.value);
  }

  /** Take an asset (or null) as input; the form hears of it, after what it held before. */
  async set(asset) {
    await recalled();
    this.props.value = asset?.id ?? "";
    this.draw(this.props.value, asset);
  }

  drops(area) {
    const mine = (event) => seen(this.element) && (area === this.root || !event.target.closest?.('.slot[data-main="no"], .slots'))
      && (event.dataTransfer.types.includes("Files") || event.dataTransfer.types.includes(DRAGGED));
    area.addEventListener("dragover", (event) => {
      if (!mine(event)) return;
      event.preventDefault();
      this.root.classList.add("over");
    });
    area.addEventListener("dragleave", (event) => area.contains(event.relatedTarget) || this.root.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      this.root.classList.remove("over");
      if (!mine(event)) return;
      event.preventDefault();
      const dragged = event.dataTransfer.getData(DRAGGED);
      if (dragged) this.take(JSON.parse(dragged));
      else if (event.dataTransfer.files[0]) this.bring(event.dataTransfer.files[0]);
    });
  }

  async take({ id, kind }) {
    if (kind !== this.kind) return this.complain(`This takes a ${kinds[this.kind]}.`);
    try { this.set(await api.asset(id)); } catch (error) { this.complain(error.message); }
  }

  /** Bring in the sample of this kind, unless something else was brought in before it came. */
  async sample(button) {
    try {
      const file = await api.sample(samples[this.kind]);
      if (button.isConnected) this.bring(file);
    } catch (error) {
      if (button.isConnected) this.complain(error.message);
    }
  }

  async bring(file) {
    if (file.type && !file.type.startsWith(fits[this.kind]) && /^(image|video|audio)\//.test(file.type)) {
      return this.complain(misfit(file.name, file.type, this.kind));
    }
    this.sending?.stop();
    const sending = this.sending = api.upload(file, project.id, (part) => this.progress(part));
    fill(this.box, html`<div class="sending"><span>${file.name || "Picture"} · ${bytes(file.size)}</span>
      <span class="meter" role="progressbar" aria-label="Upload"><i></i></span>
      <button type="button" class="quiet" data-do="clear" aria-label="Stop the upload">${icon("x")}</button></div>`);
    try {
      const asset = await sending.done;
      if (this.sending !== sending) return;
      this.sending = null;
      if (asset.kind !== this.kind) return this.complain(misfit(asset.title, asset.mime, this.kind));
      this.set(asset);
    } catch (error) {
      if (this.sending === sending) { this.sending = null; this.draw(this.props.value); this.complain(error.message); }
    }
  }

  progress(part) {
    const bar = this.box.querySelector(".meter i");
    if (bar) bar.style.width = `${100 * part}%`;
  }

  complain(text) {
    if (!this.box.querySelector(".filled")) this.draw("");
    this.root.querySelector(".wrong").textContent = text;
  }

  async draw(id, asset) {
    this.root.querySelector(".wrong").textContent = "";
    if (!id) {
      this.sending?.stop();
      this.sending = null;
      return fill(this.box, html`<div class="drop"><input type="file" accept="${accepted[this.kind]}" aria-label="${this.root.dataset.label}">
        ${icon(this.kind)}<b>Drop a ${kinds[this.kind]}, or choose one</b><span>Paste works too, and dragging from the filmstrip.</span>
        ${this.kind in samples && html`<button type="button" class="sample" data-do="sample">Try a sample</button>`}</div>`);
    }
    asset ??= await api.assetIfThere(id);
    if (this.props.value !== id) return;
    if (!asset || asset.deleted_at) return this.set(null);
    fill(this.box, html`<div class="filled"><span class="face">${face(asset)}</span>
      <span class="facts"><b>${asset.title}</b><span>${[facts(asset), bytes(asset.bytes)].filter(Boolean).join(" · ")}</span>${notes(asset)}</span>
      <label class="quiet" title="Another one">${icon("again")}<input type="file" accept="${accepted[this.kind]}" aria-label="Choose another ${kinds[this.kind]}"></label>
      <button type="button" class="quiet" data-do="clear" aria-label="Take it out" title="Take it out">${icon("x")}</button></div>`);
  }
}

/** The slot of a kind that is in front now: the main one first. */
export const slotFor = (kind) => slots.filter((slot) => slot.kind === kind && seen(slot.element))
  .sort((a, b) => Number(b.main) - Number(a.main))[0];

/** A file pasted anywhere on the page goes to the slot in front; one dropped beside it opens nowhere. */
export function pasting() {
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files?.[0];
    const kind = file && Object.keys(fits).find((name) => file.type.startsWith(fits[name]));
    const slot = kind && slotFor(kind);
    if (slot) { event.preventDefault(); slot.bring(file); }
  });
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
}
