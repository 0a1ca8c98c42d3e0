// An ordered input for several pictures or clips: add, move, remove.

import * as api from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { on } from "../core/bus.js";
import { closest, dataOf, fieldOf, find, html, onAction, query, render } from "../core/dom.js";
import { carriesAsset, carriesFiles, droppedAsset, transferOf } from "../core/drag.js";
import { kindNames } from "../core/format.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { thumbnail } from "../core/thumbnail.js";
import { accepted, slots } from "./slot.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

export class SlotList {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.element = element;
    this.props = props;
    this.main = false;
    /** @type {Map<string, AssetView | null>} */
    this.known = new Map();
    this.root = find(element, ".slots");
    this.kind = /** @type {import("./slot.js").Kind} */ (dataOf(this.root).kind);
    this.most = Number(dataOf(this.root).most);
    this.list = find(this.root, ".slots-list");
    /** @param {HTMLElement} button */
    const at = (button) => Number(dataOf(closest(button, "li")).at);
    onAction(this.root, {
      out: (button) => this.put(this.ids.filter((_, i) => i !== at(button))),
      back: (button) => this.move(at(button), -1),
      on: (button) => this.move(at(button), 1),
    });
    this.list.addEventListener("change", (event) => { for (const file of fieldOf(event).files ?? []) this.bring(file); });
    this.drops();
    watch("value", () => this.draw());
    on("changed", ({ asset, gone }) => gone && this.ids.includes(asset.id) && this.put(this.ids.filter((id) => id !== asset.id)));
    slots.push(this); // so that pasting and “Use as input” find it
    this.draw();
  }

  /** @returns {string[]} */
  get ids() {
    try { return JSON.parse(this.props.value || "[]"); } catch { return []; }
  }

  /** @param {string[]} ids */
  put(ids) {
    this.props.value = ids.length ? JSON.stringify(ids) : "";
    this.draw();
  }

  /**
   * Add an asset.
   * @param {AssetView | null} asset
   */
  set(asset) {
    if (!asset) return;
    this.known.set(asset.id, asset);
    if (this.ids.includes(asset.id)) return;
    if (this.ids.length >= this.most) return this.complain(`You can add up to ${this.most} ${kindNames[this.kind]}s.`);
    this.put([...this.ids, asset.id]);
  }

  /**
   * @param {number} at
   * @param {number} by
   */
  move(at, by) {
    const ids = this.ids, to = at + by;
    if (to < 0 || to >= ids.length) return;
    ids.splice(to, 0, ...ids.splice(at, 1));
    this.put(ids);
    query(this.list, `li:nth-child(${to + 1}) [data-do=${by < 0 ? "back" : "on"}]`)?.focus();
  }

  drops() {
    /** @param {DragEvent} event */
    const takes = (event) => carriesFiles(event) || carriesAsset(event);
    this.root.addEventListener("dragover", (event) => takes(event) && (event.preventDefault(), this.root.classList.add("over")));
    this.root.addEventListener("dragleave", () => this.root.classList.remove("over"));
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.root.classList.remove("over");
      const asset = droppedAsset(event);
      if (asset) this.take(asset);
      else for (const file of transferOf(event).files) this.bring(file);
    });
  }

  /** @param {{ id: string, kind: string }} dragged */
  async take({ id, kind }) {
    if (kind !== this.kind) return this.complain(`This field takes a ${kindNames[this.kind]}.`);
    try { this.set(await api.asset(id)); } catch (error) { this.complain(api.messageOf(error)); }
  }

  /** @param {File} file */
  async bring(file) {
    try {
      const asset = await api.upload(file, project.id, () => {}).done;
      if (asset.kind !== this.kind) return this.complain(`“${asset.title}” is not a ${kindNames[this.kind]}.`);
      this.set(asset);
    } catch (error) { this.complain(api.messageOf(error)); }
  }

  /** @param {string} text */
  complain(text) { find(this.root, ".wrong").textContent = text; }

  async draw() {
    const ids = this.ids;
    this.complain("");
    await Promise.all(ids.filter((id) => !this.known.has(id)).map(async (id) => this.known.set(id, await api.assetIfThere(id))));
    if (String(ids) !== String(this.ids)) return;
    const shown = ids.map((id) => this.known.get(id)).filter((asset) => asset !== null && asset !== undefined).filter((asset) => !asset.deleted_at);
    if (shown.length < ids.length) return this.put(shown.map((asset) => asset.id));
    /**
     * @param {AssetView} asset
     * @param {number} i
     */
    const one = (asset, i) => html`<li data-at="${i}"><span class="face">${thumbnail(asset)}<em>${i + 1}</em></span>
      <span class="slots-acts"><button type="button" class="quiet" data-do="back" aria-label="Move ${kindNames[this.kind]} ${i + 1} earlier" ${!i && html`disabled`}>${icon("left")}</button>
      <button type="button" class="quiet" data-do="out" aria-label="Remove ${kindNames[this.kind]} ${i + 1}" title="${fullTitle(asset)}">${icon("x")}</button>
      <button type="button" class="quiet" data-do="on" aria-label="Move ${kindNames[this.kind]} ${i + 1} later" ${i === ids.length - 1 && html`disabled`}>${icon("right")}</button></span></li>`;
    render(this.list, html`${shown.map(one)}${ids.length < this.most && html`<li class="slots-more"><label>${icon("plus")}<span>Add</span>
      <input type="file" accept="${accepted[this.kind]}" multiple aria-label="Add to: ${dataOf(this.root).label}"></label></li>`}`);
  }
}
