// The library page: connects filters, grid, selection, detail view and uploads.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { dataOf, find, html, onAction, query, render, targetOf } from "../core/dom.js";
import { parseTables } from "../core/format.js";
import { icon } from "../core/icons.js";
import { failed, toast } from "../core/toast.js";
import { BulkActions } from "./bulk-actions.js";
import { DetailDialog } from "./detail.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { provenanceNames } from "./provenance.js";
import { onLongPress, Selection } from "./selection.js";
import { StorageDialog } from "./storage.js";
import { AssetStore } from "./store.js";
import { Uploads } from "./uploads.js";

/**
 * @import { Events } from "../types/events.js"
 * @import { Part } from "../types/page.js"
 */

const SOON = 250; // ms: simultaneous changes cause one request

/** @param {HTMLElement} target */
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");

/** @param {HTMLElement} target */
const writing = (target) => target.closest?.("input:not([type=checkbox]), textarea, [contenteditable=true]");

export class LibraryPage {
  /** @type {boolean} */
  stale;
  /** @type {ReturnType<typeof setTimeout>} */
  soon;

  /** @param {Part} part */
  constructor({ element, props }) {
    this.root = find(element, ".library");
    this.names = Object.assign(provenanceNames, parseTables(props.value));
    this.store = new AssetStore(() => this.grid.refresh(), failed);
    this.selection = new Selection(() => { this.grid.mark(); this.bulkActions.draw(); });
    this.grid = new Grid(this.root, this.store, this.selection);
    this.detail = new DetailDialog(find(this.root, ".detail", HTMLDialogElement), this.store, this.names);
    this.filters = new Filters(this.root, this.names, () => this.find(), (id) => this.opened(id));
    this.bulkActions = new BulkActions(this.root, this);
    this.uploads = new Uploads(this.root);
    this.storage = new StorageDialog(find(this.root, ".space", HTMLDialogElement));
    this.filters.counted = () => Object.assign(this.detail, { tags: this.filters.tags, projects: this.filters.projects });
    this.detail.turned = (id, how) => this.filters.open(id, how);
    this.listen();
    this.find();
  }

  /** Keep the focus in the list once the detail view has closed, even if what opened it is gone. */
  keepFocus() {
    if (this.front && document.activeElement === document.body) this.grid.focus(this.grid.current);
  }

  get front() { return document.body.dataset.tab === "library"; }

  listen() {
    const { sheet } = this.grid;
    onLongPress(sheet, (tile) => this.selection.toggle(dataOf(tile).asset));
    sheet.addEventListener("click", (event) => this.press(event));
    this.detail.dialog.addEventListener("close", () => setTimeout(() => this.keepFocus()));
    this.grid.scroller.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => this.anywhere(event));
    onAction(this.root, {
      bring: () => find(this.root, ".files").click(),
      read: () => emit("importSettings"),
      space: () => this.storage.open(),
      clear: () => this.filters.clear(),
    });
    on("tab", (name) => {
      if (name !== "library") this.detail.shut();
      else if (this.stale) this.find({ stay: true });
    });
    on("finished", () => this.touch());
    on("changed", ({ asset, gone, back }) => this.changed(asset, gone || back));
    on("project", () => this.filters.facets());
  }

  // -- the list

  /** Something was added or removed. Simultaneous changes cause one request. */
  touch() {
    this.stale = true;
    clearTimeout(this.soon);
    if (this.front) this.soon = setTimeout(() => this.find({ stay: true }), SOON);
  }

  /**
   * @param {Events["changed"]["asset"]} asset
   * @param {boolean | undefined} moved
   */
  changed(asset, moved) {
    const here = !moved && asset.title !== undefined && this.store.place(asset.id) >= 0;
    if (here) { this.store.put(asset); this.grid.refresh(); }
    if (!here || this.filters.any) this.touch(); // it may no longer match the filters
  }

  async find({ stay = false } = {}) {
    this.stale = false;
    try {
      if (!await this.store.find(this.filters.query())) return;
    } catch (error) {
      render(find(this.root, ".end"), html`<p class="bare" role="alert">${api.messageOf(error)}</p>`);
      return;
    }
    this.selection.prune(this.store);
    this.grid.show({ stay });
    this.bulkActions.draw();
    this.empty();
    this.filters.count(this.store.length);
    this.filters.facets();
    this.detail.showEnds();
  }

  empty() {
    const { length } = this.store, { any, binned } = this.filters;
    this.grid.sheet.hidden = !length;
    const words = binned ? ["The bin is empty.", "Deleted files stay here for 30 days and can be restored."]
      : any ? ["No matches.", "Try fewer words or remove a filter."]
        : ["Nothing here yet.", "Everything you make is stored here with its settings. Drop pictures, clips or sounds anywhere on this page to upload them."];
    render(find(this.root, ".end"), length ? "" : html`<div class="teach">${icon(any ? "search" : "library")}<h2>${words[0]}</h2><p>${words[1]}</p>
      ${any ? html`<button type="button" class="step first" data-do="clear">${icon("x")}Clear filters</button>`
        : html`<button type="button" class="step first" data-do="bring">${icon("plus")}Upload files</button>`}</div>`);
  }

  // -- clicks and keys

  /** @param {MouseEvent} event */
  press(event) {
    const tile = /** @type {HTMLElement | null} */ (targetOf(event).closest(".tile"));
    if (!tile) return;
    const id = dataOf(tile).asset;
    this.grid.visit(Number(dataOf(tile).at));
    if (event.shiftKey) this.selection.stretch(id, this.store);
    else if (event.ctrlKey || event.metaKey || this.selection.size || targetOf(event).closest("[data-tick]")) this.selection.toggle(id);
    else this.filters.open(id, "push");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (typing(targetOf(event)) || event.altKey) return;
    const id = this.grid.idAt(this.grid.current);
    /** @type {Record<string, () => unknown>} */
    const keys = {
      Enter: () => id && this.filters.open(id, "push"), " ": () => id && this.selection.toggle(id),
      f: () => this.bulkActions.keep(this.selection.size ? this.selection.list() : [id]), Delete: () => this.bulkActions.remove(this.selection.size ? this.selection.list() : [id]),
      Backspace: () => keys.Delete(), Escape: () => this.selection.clear(),
    };
    if (event.ctrlKey || event.metaKey) return;
    const target = this.grid.lead(event.key);
    if (target !== null) {
      event.preventDefault();
      const before = this.grid.idAt(this.grid.current);
      this.grid.focus(target);
      if (event.shiftKey) { this.selection.start ??= before; this.selection.stretch(this.grid.idAt(target), this.store); }
    } else if (keys[event.key] && (id || event.key === "Escape")) { event.preventDefault(); keys[event.key](); }
  }

  /** @param {KeyboardEvent} event */
  anywhere(event) {
    if (!this.front || event.altKey || query(document, "dialog[open], :popover-open")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "a" && !writing(targetOf(event))) {
      event.preventDefault();
      return this.selection.all(this.store);
    }
    if (event.ctrlKey || event.metaKey || typing(targetOf(event))) return;
    if (event.key === "/") { event.preventDefault(); this.filters.search.focus(); this.filters.search.select(); }
    if (event.key === "Escape") this.selection.clear();
  }

  // -- the asset in the address

  /**
   * Open the asset the address names, or none.
   * @param {string | null} id
   */
  async opened(id) {
    if (!id) return this.detail.shut();
    try {
      this.detail.show(this.store.known.get(id) ?? await api.asset(id));
    } catch (error) {
      if (api.statusOf(error) === 404) toast("That file no longer exists.");
      else failed(error);
      this.filters.open(null, "replace");
    }
  }
}
