// An input for a picture, clip or sound: drop, paste, choose, photograph, or drag from the filmstrip.

import * as api from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { on } from "../core/bus.js";
import { dataOf, fieldOf, find, html, onAction, query, render, targetOf } from "../core/dom.js";
import { carriesAsset, carriesFiles, droppedAsset, transferOf } from "../core/drag.js";
import { describeMedia, formatBytes, kindNames } from "../core/format.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { thumbnail } from "../core/thumbnail.js";
import { notesList } from "../stage/result.js";
import { formsRestored } from "./submit-bar.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 * @import { SlotList } from "./slots.js"
 */

/** @typedef {"image" | "clip" | "sound" | "lut"} Kind */

/** The files that a file dialog offers for each kind. */
export const accepted = { image: "image/*,.heic,.heif,.avif", clip: "video/*", sound: "audio/*,.aif,.aiff,.aifc,.caf,.w64,.amr", lut: ".cube" };
/** @type {Partial<Record<Kind, string>>} */
const fits = { image: "image/", clip: "video/", sound: "audio/" };

/**
 * Why a file does not fit a slot of another kind.
 * @param {string} name
 * @param {string} type
 * @param {Kind} kind
 */
const misfit = (name, type, kind) => (type === "image/gif" && kind === "clip" ? "A GIF is treated as a picture here. Convert it to MP4 to use it as a clip." : `“${name}” is not a ${kindNames[kind]}.`);

/** @type {Record<string, string>} */
const samples = { image: "portrait.jpg", clip: "pan.mp4" };

/** @param {HTMLElement} element */
const seen = (element) => element.offsetParent !== null;

/** Every input of the page that takes assets. @type {(Slot | SlotList)[]} */
export const slots = [];

export class Slot {
  /** @type {import("../core/api.js").Upload<AssetView> | null} */
  sending;

  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".slot");
    this.kind = /** @type {Kind} */ (dataOf(this.root).kind);
    this.main = dataOf(this.root).main === "yes";
    this.box = find(this.root, ".slot-box");
    this.element = element;
    onAction(this.root, {
      clear: () => this.set(null),
      choose: () => query(this.box, "input", HTMLInputElement)?.click(),
      sample: (button) => this.sample(button),
    });
    this.box.addEventListener("change", (event) => {
      const [file] = fieldOf(event).files ?? [];
      if (file) this.bring(file);
    });
    this.drops(this.main ? /** @type {HTMLElement} */ (element.closest(".bench") ?? this.root) : this.root);
    watch("value", () => this.draw(props.value));
    on("changed", ({ asset, gone }) => gone && asset.id === props.value && this.set(null));
    slots.push(this);
    this.draw(props.value);
  }

  /**
   * Set an asset (or null) as input. The form is notified after it has restored its earlier values.
   * @param {AssetView | null} [asset]
   */
  async set(asset = null) {
    await formsRestored();
    this.props.value = asset?.id ?? "";
    this.draw(this.props.value, asset);
  }

  /** @param {HTMLElement} area */
  drops(area) {
    /** @param {DragEvent} event */
    const mine = (event) => seen(this.element) && (area === this.root || !targetOf(event).closest?.('.slot[data-main="no"], .slots'))
      && (carriesFiles(event) || carriesAsset(event));
    area.addEventListener("dragover", (event) => {
      if (!mine(event)) return;
      event.preventDefault();
      this.root.classList.add("over");
    });
    area.addEventListener("dragleave", (event) => area.contains(/** @type {Node | null} */ (event.relatedTarget)) || this.root.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      this.root.classList.remove("over");
      if (!mine(event)) return;
      event.preventDefault();
      const asset = droppedAsset(event);
      const [file] = transferOf(event).files;
      if (asset) this.take(asset);
      else if (file) this.bring(file);
    });
  }

  /** @param {{ id: string, kind: string }} dragged */
  async take({ id, kind }) {
    if (kind !== this.kind) return this.complain(`This field takes a ${kindNames[this.kind]}.`);
    try { this.set(await api.asset(id)); } catch (error) { this.complain(api.messageOf(error)); }
  }

  /**
   * Load the sample of this kind, unless something else is added first.
   * @param {HTMLElement} button
   */
  async sample(button) {
    try {
      const file = await api.sample(samples[this.kind]);
      if (button.isConnected) this.bring(file);
    } catch (error) {
      if (button.isConnected) this.complain(api.messageOf(error));
    }
  }

  /** @param {File} file */
  async bring(file) {
    if (/^(image|video|audio)\//.test(file.type) && !file.type.startsWith(fits[this.kind] ?? "none")) {
      return this.complain(misfit(file.name, file.type, this.kind));
    }
    this.sending?.stop();
    const sending = this.sending = api.upload(file, project.id, (part) => this.progress(part));
    render(this.box, html`<div class="sending"><span>${file.name || "Picture"} · ${formatBytes(file.size)}</span>
      <span class="meter" role="progressbar" aria-label="Upload"><i></i></span>
      <button type="button" class="quiet" data-do="clear" aria-label="Cancel the upload">${icon("x")}</button></div>`);
    try {
      const asset = await sending.done;
      if (this.sending !== sending) return;
      this.sending = null;
      if (asset.kind !== this.kind) return this.complain(misfit(asset.title, asset.mime, this.kind));
      this.set(asset);
    } catch (error) {
      if (this.sending === sending) { this.sending = null; this.draw(this.props.value); this.complain(api.messageOf(error)); }
    }
  }

  /** @param {number} part */
  progress(part) {
    const bar = query(this.box, ".meter i");
    if (bar) bar.style.width = `${100 * part}%`;
  }

  /** @param {string} text */
  complain(text) {
    if (!query(this.box, ".filled")) this.draw("");
    find(this.root, ".wrong").textContent = text;
  }

  /**
   * @param {string} id
   * @param {AssetView | null} [asset]
   */
  async draw(id, asset) {
    find(this.root, ".wrong").textContent = "";
    if (!id) {
      this.sending?.stop();
      this.sending = null;
      return render(this.box, html`<div class="drop"><input type="file" accept="${accepted[this.kind]}" aria-label="${dataOf(this.root).label}">
        ${icon(this.kind)}<b>Drop a ${kindNames[this.kind]}, or choose one</b><span>You can also paste, or drag from the filmstrip.</span>
        ${this.kind in samples && html`<button type="button" class="sample" data-do="sample">Try a sample</button>`}</div>`);
    }
    asset ??= await api.assetIfThere(id);
    if (this.props.value !== id) return;
    if (!asset || asset.deleted_at) return this.set(null);
    render(this.box, html`<div class="filled"><span class="face">${thumbnail(asset)}</span>
      <span class="facts"><b>${fullTitle(asset)}</b><span>${[describeMedia(asset), formatBytes(asset.bytes)].filter(Boolean).join(" · ")}</span>${notesList(asset)}</span>
      <label class="quiet" title="Choose another">${icon("again")}<input type="file" accept="${accepted[this.kind]}" aria-label="Choose another ${kindNames[this.kind]}"></label>
      <button type="button" class="quiet" data-do="clear" aria-label="Remove" title="Remove">${icon("x")}</button></div>`);
  }
}

/**
 * The visible slot of a kind; the main one first.
 * @param {string} kind
 */
export const slotFor = (kind) => slots.filter((slot) => slot.kind === kind && seen(slot.element))
  .sort((a, b) => Number(b.main) - Number(a.main))[0];

/** Send a file pasted anywhere on the page to the visible slot, and do not open files dropped next to it. */
export function listenForPastes() {
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files?.[0];
    const kind = file && /** @type {Kind[]} */ (Object.keys(fits)).find((name) => file.type.startsWith(fits[name] ?? "none"));
    const slot = kind && slotFor(kind);
    if (slot) { event.preventDefault(); slot.bring(file); }
  });
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
}
