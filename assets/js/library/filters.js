// The library's search and filter chips, with counts. The address stores them all.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { closest, find, findField, findFields, html, renderChanged } from "../core/dom.js";
import { setAddress } from "../shell/router.js";
import { apiQuery, formatAddress, parseAddress } from "./filter-query.js";

/**
 * @import { Facet, Facets, ProjectView } from "../types/api.js"
 * @import { NameTables } from "../types/page.js"
 * @import { FilterValues } from "./filter-query.js"
 */

/** @typedef {[value: string, text: string]} Option */

const PAUSE = 220; // ms after the last key before the search starts

/** @type {Record<string, string>} */
const plural = { image: "Pictures", clip: "Clips", sound: "Sounds", subtitles: "Subtitles", document: "Documents", lora: "LoRAs", lut: "LUTs" };

export class Filters {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;
  /** @type {string | null} */
  asset;
  /** @type {boolean} */
  pushed;
  /** @type {Facets | undefined} */
  found;
  /** @type {(() => void) | undefined} */
  counted;

  /**
   * @param {HTMLElement} root
   * @param {NameTables} words
   * @param {() => void} changed
   * @param {(id: string | null) => void} opened
   */
  constructor(root, words, changed, opened) {
    this.root = root;
    this.names = words;
    this.changed = changed;
    this.opened = opened;
    this.search = findField(root, "[name=q]");
    this.chips = find(root, ".chips");
    this.chips.addEventListener("change", () => this.apply());
    this.search.addEventListener("input", () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.apply({ typed: true }), PAUSE); });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); clearTimeout(this.typing); this.apply({ typed: true }); }
      if (event.key === "Escape" && this.search.value) { event.preventDefault(); this.search.value = ""; this.apply({ typed: true }); }
    });
    addEventListener("popstate", () => this.follow());
    on("tab", (name) => { if (name === "library") { this.follow(); this.facets(); } });
    /** @type {FilterValues} */
    this.values = {};
    /** @type {ProjectView[]} */
    this.projects = [];
    this.read();
    this.facets();
  }

  // -- the address

  read() {
    const said = parseAddress(location.hash);
    if (!said) return;
    ({ values: this.values, asset: this.asset } = said);
    this.draw();
    if (this.asset) queueMicrotask(() => this.opened(this.asset));
  }

  /** Follow Back and Forward. */
  follow() {
    if (!/^#library(\?|$)/.test(location.hash)) return;
    const [before, open] = [JSON.stringify(this.values), this.asset];
    this.read();
    if (JSON.stringify(this.values) !== before) this.changed();
    if (open && !this.asset) this.opened(null);
  }

  /** @param {"push" | "replace"} how */
  write(how) {
    setAddress(formatAddress(this.values, this.asset), how, formatAddress(this.values));
  }

  /**
   * Open an asset, as a history entry. ``how`` is push or replace.
   * @param {string | null} id
   * @param {"push" | "replace"} how
   */
  open(id, how) {
    const pushed = this.pushed;
    if (id === null) {
      if (!this.asset) return;
      this.pushed = false;
      if (!location.hash.includes("asset=")) { this.asset = null; return; } // another tab is already open
      if (pushed) return history.back();
    }
    if (how === "push") this.pushed = true;
    this.asset = id;
    this.write(how);
    this.opened(id);
  }

  // -- values

  get any() { return Object.keys(this.values).length > 0; }
  get binned() { return this.values.show === "deleted"; }

  /** The filters as API parameters. */
  query() {
    return apiQuery(this.values);
  }

  apply({ typed = false } = {}) {
    /** @type {FilterValues} */
    const values = {};
    for (const field of [this.search, ...findFields(this.chips, "[name]")]) {
      const value = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim();
      if (value) values[field.name] = value;
    }
    if (values.date !== "range") { delete values.from; delete values.to; }
    if (JSON.stringify(values) === JSON.stringify(this.values)) return;
    const going = typed && this.values.q && values.q; // continued typing adds no history entries
    this.values = values;
    this.write(going ? "replace" : "push");
    this.draw();
    this.changed();
  }

  /** @param {FilterValues} values */
  set(values) {
    this.values = values;
    this.write("push");
    this.draw();
    this.changed();
  }

  clear() { this.set({}); this.search.focus(); }

  // -- display

  async facets() {
    try {
      [this.found, this.projects] = await Promise.all([api.get("library/facets"), api.get("projects")]);
    } catch { return; } // the chips stay unchanged
    this.draw();
    this.counted?.();
  }

  get tags() { return this.found?.tags.map((tag) => tag.value) ?? []; }

  /** The options of each chip with their counts: {name: [[value, label]]} */
  lists() {
    const { found } = this;
    if (!found) return {};
    /** @param {Facet[]} facets */
    /**
     * @param {Facet[]} facets
     * @param {(facet: Facet) => string} [named]
     * @returns {Option[]}
     */
    const listed = (facets, named = (facet) => facet.name) => facets.map((facet) => [facet.value, `${named(facet)} (${facet.count.toLocaleString()})`]);
    return {
      kind: listed(found.kinds, ({ value }) => plural[value] ?? value),
      project_id: listed(found.projects), owner: listed(found.people), tag: listed(found.tags),
      model: listed(found.models, ({ value }) => this.names.models[value] ?? value),
      show: [["made", "Made here"], ["upload", "Uploaded"], ["deleted", `In the bin (${found.deleted.toLocaleString()})`]],
    };
  }

  /**
   * Fill a chip. The chosen option stays even if its count is zero.
   * @param {string} name
   * @param {Option[]} options
   */
  list(name, options) {
    const select = findField(this.chips, `[name=${name}]`), chosen = this.values[name];
    if (chosen && !options.some(([value]) => value === chosen)) options = [...options, [chosen, this.names.models[chosen] ?? chosen]];
    const any = find(select, "option", HTMLOptionElement).textContent;
    renderChanged(select, html`<option value="">${any}</option>${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}`);
    closest(select, ".sift").hidden = !options.length && !["kind", "show"].includes(name);
  }

  draw() {
    if (document.activeElement !== this.search) this.search.value = this.values.q ?? "";
    for (const [name, options] of Object.entries(this.lists())) this.list(name, options);
    for (const field of findFields(this.chips, "[name]")) {
      const value = this.values[field.name] ?? "";
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
      closest(field, ".sift, .range").classList.toggle("on", Boolean(value));
    }
    find(this.chips, ".range").hidden = this.values.date !== "range";
    findField(this.chips, "[name=favorite]").disabled = this.binned;
    find(this.chips, "[data-do=clear]", HTMLButtonElement).hidden = !this.any;
  }

  /**
   * Show the number of results next to the title.
   * @param {number} number
   */
  count(number) {
    find(this.root, ".count").textContent = this.any ? `${number.toLocaleString()} found` : number.toLocaleString();
  }
}
