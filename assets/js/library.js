// The library: everything made and brought in. This file joins its parts: what is looked for, the wall, what is chosen.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { Bring } from "./library-bring.js";
import { Chosen, longPress } from "./library-chosen.js";
import { Deeds } from "./library-deeds.js";
import { Detail } from "./library-detail.js";
import { Filters } from "./library-filters.js";
import { Space } from "./library-space.js";
import { names } from "./library-story.js";
import { Store } from "./library-store.js";
import { Wall } from "./library-wall.js";
import { failed, toast } from "./toast.js";
import { tables } from "./words.js";

const SOON = 250; // ms: what changes together is asked for once

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
const writing = (target) => target.closest?.("input:not([type=checkbox]), textarea, [contenteditable=true]");

export class Library {
  constructor({ element, props }) {
    this.root = element.querySelector(".library");
    this.words = Object.assign(names, tables(props.value));
    this.store = new Store(() => this.wall.refresh(), failed);
    this.chosen = new Chosen(() => { this.wall.mark(); this.deeds.draw(); });
    this.wall = new Wall(this.root, this.store, this.chosen);
    this.detail = new Detail(this.root.querySelector(".detail"), this.store, this.words);
    this.filters = new Filters(this.root, this.words, () => this.find(), (id) => this.opened(id));
    this.deeds = new Deeds(this.root, this);
    this.bring = new Bring(this.root);
    this.space = new Space(this.root.querySelector(".space"));
    this.filters.counted = () => Object.assign(this.detail, { tags: this.filters.tags, projects: this.filters.projects });
    this.detail.turned = (id, how) => this.filters.open(id, how);
    this.listen();
    this.find();
  }

  get front() { return document.body.dataset.tab === "library"; }

  listen() {
    const { sheet } = this.wall;
    longPress(sheet, (tile) => this.chosen.toggle(tile.dataset.asset));
    sheet.addEventListener("click", (event) => this.press(event));
    this.wall.scroller.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => this.anywhere(event));
    doing(this.root, {
      bring: () => this.root.querySelector(".files").click(),
      read: () => say("read"),
      space: () => this.space.open(),
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

  // -- what is on the wall

  /** Something came or went. What changes together is asked for once. */
  touch() {
    this.stale = true;
    clearTimeout(this.soon);
    if (this.front) this.soon = setTimeout(() => this.find({ stay: true }), SOON);
  }

  changed(asset, moved) {
    const here = asset && !moved && this.store.place(asset.id) >= 0;
    if (here) { this.store.put(asset); this.wall.refresh(); }
    if (!here || this.filters.any) this.touch(); // it may no longer be what is looked for
  }

  async find({ stay = false } = {}) {
    this.stale = false;
    try {
      if (!await this.store.find(this.filters.query())) return;
    } catch (error) {
      fill(this.root.querySelector(".end"), html`<p class="bare" role="alert">${error.message}</p>`);
      return;
    }
    this.chosen.prune(this.store);
    this.wall.show({ stay });
    this.deeds.draw();
    this.empty();
    this.filters.count(this.store.length);
    this.filters.facets();
    this.detail.found();
  }

  empty() {
    const { length } = this.store, { any, binned } = this.filters;
    this.wall.sheet.hidden = !length;
    const words = binned ? ["Nothing was deleted lately.", "What you delete waits here for 30 days and can be brought back."]
      : any ? ["Nothing fits all of that.", "Fewer words, or one filter less, finds more."]
        : ["Nothing here yet.", "What you make is kept here with how it was made. Drop pictures, clips or sounds anywhere on this page to bring them in."];
    fill(this.root.querySelector(".end"), length ? "" : html`<div class="teach">${icon(any ? "search" : "library")}<h2>${words[0]}</h2><p>${words[1]}</p>
      ${any ? html`<button type="button" class="step first" data-do="clear">${icon("x")}Clear the filters</button>`
        : html`<button type="button" class="step first" data-do="bring">${icon("plus")}Bring in files</button>`}</div>`);
  }

  // -- pressing and typing

  press(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    const id = tile.dataset.asset;
    this.wall.visit(Number(tile.dataset.at));
    if (event.shiftKey) this.chosen.stretch(id, this.store);
    else if (event.ctrlKey || event.metaKey || this.chosen.size || event.target.closest("[data-tick]")) this.chosen.toggle(id);
    else this.filters.open(id, "push");
  }

  key(event) {
    if (typing(event.target) || event.altKey) return;
    const id = this.wall.idAt(this.wall.current);
    const keys = {
      Enter: () => id && this.filters.open(id, "push"), " ": () => id && this.chosen.toggle(id),
      f: () => this.deeds.keep(this.chosen.size ? this.chosen.list() : [id]), Delete: () => this.deeds.remove(this.chosen.size ? this.chosen.list() : [id]),
      Backspace: () => keys.Delete(), Escape: () => this.chosen.clear(),
    };
    if (event.ctrlKey || event.metaKey) return;
    const target = this.wall.lead(event.key);
    if (target !== null) {
      event.preventDefault();
      const before = this.wall.idAt(this.wall.current);
      this.wall.focus(target);
      if (event.shiftKey) { this.chosen.start ??= before; this.chosen.stretch(this.wall.idAt(target), this.store); }
    } else if (keys[event.key] && (id || event.key === "Escape")) { event.preventDefault(); keys[event.key](); }
  }

  anywhere(event) {
    if (!this.front || event.altKey || document.querySelector("dialog[open], :popover-open")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "a" && !writing(event.target)) {
      event.preventDefault();
      return this.chosen.all(this.store);
    }
    if (event.ctrlKey || event.metaKey || typing(event.target)) return;
    if (event.key === "/") { event.preventDefault(); this.filters.search.focus(); this.filters.search.select(); }
    if (event.key === "Escape") this.chosen.clear();
  }

  // -- one thing, as the address says

  /** The address names a thing to look at (or none). */
  async opened(id) {
    if (!id) return this.detail.shut();
    try {
      this.detail.show(this.store.known.get(id) ?? await api.asset(id));
    } catch (error) {
      if (error.status === 404) toast("That is not here any more.");
      else failed(error);
      this.filters.open(null, "replace");
    }
  }
}
