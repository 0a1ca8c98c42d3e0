// The detail view of one asset: how it was made, from what, what was made from it, and its actions.

import * as api from "../core/api.js";
import { badgeList, fullTitle } from "../core/badges.js";
import { emit, on } from "../core/bus.js";
import { dataOf, fieldOf, fieldsOf, find, formOf, html, onAction, query, render, targetOf } from "../core/dom.js";
import { waitsForTyping } from "../core/focus.js";
import { capitalize, describeMedia, formatBytes, formatDate, kindNames } from "../core/format.js";
import { icon } from "../core/icons.js";
import { reproductionBadge } from "../core/reproduction.js";
import { thumbnail } from "../core/thumbnail.js";
import { failed, toast } from "../core/toast.js";
import { loraDetails, parseTriggers as triggers } from "../loras/facts.js";
import { actionHandlers, deleteAsset, detailButtons, restoreAsset } from "../stage/asset-actions.js";
import { followResult, notesList, resultView } from "../stage/result.js";
import { openViewer } from "../viewer/viewer.js";
import { provenanceView } from "./provenance.js";

/**
 * @import { AssetView, AssetFamily, ProjectView } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { NameTables, Values } from "../types/page.js"
 * @import { AssetStore } from "./store.js"
 */

const SWIPE = 60; // px

/** @param {HTMLElement} target */
const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, video, audio");

/**
 * @param {string} title
 * @param {AssetView[]} assets
 */
const relatives = (title, assets) => assets.length > 0 && html`<h3>${title}</h3><div class="family">${assets.map((one) =>
  html`<button type="button" class="parent" data-do="walk" data-asset="${one.id}" title="${fullTitle(one)}" aria-label="${fullTitle(one)}"><span class="face">${thumbnail(one)}</span><span dir="auto">${fullTitle(one)}</span></button>`)}</div>`;

export class DetailDialog {
  /** @type {AssetView | null} */
  asset;
  /** @type {AssetFamily} */
  family;
  /** @type {string[]} */
  tags;
  /** @type {string} */
  viewed;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {AssetStore} store
   * @param {NameTables} words
   */
  constructor(dialog, store, words) {
    this.dialog = dialog;
    this.store = store;
    this.names = words;
    /** @type {ProjectView[]} */
    this.projects = [];
    /** Called when another asset is opened, or null when the view closes. @type {(id: string | null, how: "push" | "replace") => void} */
    this.turned = () => {};
    followResult(dialog);
    onAction(dialog, {
      ...actionHandlers(() => this.shown, () => dialog.close()),
      remove: () => deleteAsset(this.shown),
      shut: () => dialog.close(),
      view: () => openViewer({ ids: this.store.ids, id: this.shown.id, closed: (id) => id !== this.asset?.id && this.turned(id, "replace") }),
      walk: (target) => this.turned(dataOf(target).asset, "replace"),
      before: () => this.turn(-1),
      after: () => this.turn(1),
      restore: () => { restoreAsset(this.shown); dialog.close(); },
      untag: (target) => this.change({ tags: this.shown.tags.filter((tag) => tag !== dataOf(target).tag) }),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => { render(dialog, ""); this.asset = null; this.turned(null, "replace"); }); // stops a playing clip
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("change", (event) => this.edited(fieldOf(event)));
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.tag(formOf(event)); });
    this.swiping();
    on("changed", ({ asset, gone }) => this.assetChanged(asset, gone));
  }

  /** The asset shown. Only valid while there is one. */
  get shown() { return /** @type {AssetView} */ (this.asset); }

  // -- navigation

  /** @param {AssetView} asset */
  async show(asset) {
    const again = this.asset?.id === asset.id;
    this.asset = asset;
    if (!again) this.family = { parents: [], children: [], missing: 0 };
    this.draw();
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.dialog.focus(); // not its first field: the arrow keys navigate
    }
    if (again) return;
    const family = await api.get(`assets/${asset.id}/family`).catch(() => null);
    if (!family || this.asset?.id !== asset.id) return;
    this.family = family;
    if (family.parents.length || family.children.length) this.draw();
  }

  shut() { if (this.dialog.open) this.dialog.close(); }

  /** The list behind it changed. */
  showEnds() { if (this.asset) this.ends(); }

  /** @param {number} by */
  turn(by) {
    const place = this.store.place(this.asset?.id ?? "");
    const next = place < 0 ? null : this.store.ids[place + by];
    if (!next) return;
    this.store.need(Math.max(0, place - 4), place + 5);
    this.turned(next, "replace");
  }

  ends() {
    const place = this.store.place(this.shown.id);
    const buttons = { before: place > 0, after: place >= 0 && place < this.store.length - 1 };
    for (const [name, there] of Object.entries(buttons)) find(this.dialog, `[data-do=${name}]`, HTMLButtonElement).hidden = !there;
  }

  /**
   * @param {Events["changed"]["asset"]} asset
   * @param {boolean | undefined} gone
   */
  assetChanged(asset, gone) {
    if (!this.asset || asset.id !== this.asset.id) return;
    if (gone) this.leave();
    else if (asset.title !== undefined) { this.asset = asset; this.draw(); }
  }

  /** It was deleted: show the next one, or close. */
  leave() {
    const place = this.store.place(this.shown.id);
    const next = place < 0 ? null : this.store.ids[place + 1] ?? this.store.ids[place - 1];
    if (next) this.turned(next, "replace");
    else this.dialog.close();
  }

  // -- display

  draw() {
    const { shown: asset } = this, binned = Boolean(asset.deleted_at);
    const held = query(this.dialog, ".about")?.scrollTop, { focus, do: pressed } = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset ?? {};
    const view = `${asset.id} ${this.before()?.id ?? ""}`;
    if (this.viewed === view && waitsForTyping(this.dialog, () => this.asset && this.draw())) return;
    if (this.viewed !== view || !query(this.dialog, ".sheet")) {
      this.viewed = view;
      render(this.dialog, html`<div class="sheet"><div class="view">${binned ? html`<span class="face large">${thumbnail(asset)}</span>` : resultView(asset, this.before())}
        <button type="button" class="turn left" data-do="before" aria-label="Previous">‹</button>
        <button type="button" class="turn right" data-do="after" aria-label="Next">›</button></div><div class="about"></div></div>`);
    }
    const about = find(this.dialog, ".about");
    render(about, html`<button type="button" class="quiet shut" data-do="shut" aria-label="Close" data-focus="shut">${icon("x")}</button>
      ${this.head(asset)}${binned ? this.binned() : detailButtons(asset, this.names.tasks)}
      ${!binned && asset.mine && this.file(asset)}
      ${asset.kind === "lora" && loraDetails(asset)}${provenanceView(asset, this.names)}${relatives("Made from", this.family.parents)}${relatives("Made from this", this.family.children)}`);
    if (held) about.scrollTop = held;
    if (focus) query(about, `[data-focus="${focus}"]`)?.focus();
    this.ends();
    const lost = this.dialog.open && document.activeElement === document.body; // the focused button was replaced, or is hidden at the end of the list
    if (lost) query(this.dialog, `[data-do="${pressed}"]:not([hidden])`)?.focus();
    if (lost && document.activeElement === document.body) this.dialog.focus();
  }

  before() {
    const source = this.shown.provenance?.request?.image;
    const parent = this.family.parents.find(({ id }) => id === source);
    return this.shown.kind === "image" && parent && !parent.deleted_at ? parent : null;
  }

  /** @param {AssetView} asset */
  head(asset) {
    return html`${asset.mine && !asset.deleted_at ? html`<input class="title" name="title" dir="auto" maxlength="200" value="${asset.title}" aria-label="Title" data-focus="title">` : html`<h2 dir="auto">${asset.title}</h2>`}
      ${badgeList(asset)}<p class="note">${capitalize(kindNames[asset.kind] ?? asset.kind)} · ${[describeMedia(asset), formatBytes(asset.bytes)].filter(Boolean).join(" · ")}${asset.kind === "image" && !asset.deleted_at && html` · <a href="${api.fileOf(asset.id)}" target="_blank" rel="noopener" class="full-size">Full size</a>`}<br>
        ${asset.origin === "upload" ? "Uploaded" : "Made"} ${formatDate(asset.created_at)} by ${asset.mine ? "you" : asset.owner}${!asset.mine && asset.source && html`<br>From ${asset.source}`}</p>${reproductionBadge(asset)}${notesList(asset)}`;
  }

  binned() {
    return html`<p class="bare">In the bin. It is deleted permanently after 30 days.</p>
      <div class="steps"><button type="button" class="step first" data-do="restore">${icon("again")}Restore</button></div>`;
  }

  /**
   * What its owner can change: tags, project, source.
   * @param {AssetView} asset
   */
  file(asset) {
    return html`<div class="filing"><div class="tags">${asset.tags.map((tag) => html`<span class="tagged">${tag}
        <button type="button" data-do="untag" data-tag="${tag}" aria-label="Remove the tag ${tag}">${icon("x")}</button></span>`)}
      <form><input name="tag" list="detail-tags" maxlength="40" autocomplete="off" placeholder="Add a tag" aria-label="Add a tag" data-focus="tag"><datalist id="detail-tags">${(this.tags ?? []).map((tag) => html`<option value="${tag}">`)}</datalist></form></div>
      <label>Project <select name="project" data-focus="project"><option value="">My own work</option>
        ${this.projects.filter((one) => !one.archived || one.id === asset.project_id).map((one) => html`<option value="${one.id}" ${one.id === asset.project_id ? "selected" : ""}>${one.name}</option>`)}</select></label>
      <label>Source <input name="source" maxlength="200" value="${asset.source ?? ""}" placeholder="A client, a shoot, an archive" data-focus="source"></label></div>`;
  }

  // -- changes

  /** @param {Values} values */
  async change(values) {
    const { id } = this.shown;
    try { emit("changed", { asset: await api.patch(`assets/${id}`, values) }); } catch (error) {
      failed(error);
      if (this.asset?.id === id) this.draw(); // restore the old values
    }
  }

  /** @param {HTMLInputElement} field */
  edited(field) {
    if (field.name !== "tag") field.defaultValue = field.value; // it is being saved
    if (field.name === "title") {
      if (field.value.trim()) this.change({ title: field.value.trim() });
      else field.value = field.defaultValue = this.shown.title;
    }
    if (field.name === "source") this.change({ source: field.value.trim() || null });
    if (field.name === "triggers") this.change({ triggers: triggers(field.value) });
    if (field.name === "project") this.change({ project_id: field.value || null });
  }

  /** @param {HTMLFormElement} form */
  tag(form) {
    const tag = fieldsOf(form).tag.value.trim();
    if (!tag) return;
    form.reset(); // the field is drawn anew only if it is empty
    if (this.shown.tags.includes(tag)) return toast(`Already tagged “${tag}”.`);
    this.change({ tags: [...this.shown.tags, tag] });
  }

  // -- keys and touch

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(targetOf(event))) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => this.turn(-1), ArrowRight: () => this.turn(1),
      f: () => this.press("keep"), Delete: () => this.press("remove"), Backspace: () => this.press("remove"),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  }

  /** @param {string} name */
  press(name) { query(this.dialog, `.about [data-do=${name}]`, HTMLButtonElement)?.click(); }

  swiping() {
    /** @type {Touch | null} */
    let from = null;
    this.dialog.addEventListener("touchstart", (event) => {
      const [finger, second] = event.touches;
      from = !second && targetOf(event).closest(".view") && !targetOf(event).closest("input, video, audio, button") ? finger : null;
    }, { passive: true });
    this.dialog.addEventListener("touchend", (event) => {
      const to = event.changedTouches[0];
      if (!from) return;
      const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
      from = null;
      if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.turn(x < 0 ? 1 : -1);
    }, { passive: true });
  }
}
