// What is looked for: words, and filters as chips with how many there are of each. The address keeps it all.

import * as api from "./api.js";
import { on } from "./bus.js";
import { html, refill } from "./dom.js";
import { address } from "./doors.js";

const PAUSE = 220; // ms without a key before the words are looked for
const NAMES = ["q", "kind", "project_id", "owner", "model", "tag", "favourite", "date", "from", "to", "show"];
const plural = { image: "Pictures", clip: "Clips", sound: "Sounds", subtitles: "Subtitles", document: "Documents", lora: "LoRAs" };
const shows = { made: { origin: "made" }, upload: { origin: "upload" }, deleted: { deleted: 1 } };

const midnight = (days = 0) => { const now = new Date(); return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days) / 1000; };
const day = (text, more = 0) => {
  const [year, month, date] = (text ?? "").split("-").map(Number);
  return year && month && date ? new Date(year, month - 1, date + more) / 1000 : "";
};

/** The times between which a choice of date lies. */
const dates = {
  today: () => ({ since: midnight() }), week: () => ({ since: midnight(6) }), month: () => ({ since: midnight(29) }),
  range: ({ from, to }) => ({ since: day(from), until: day(to, 1) }),
};

export class Filters {
  constructor(root, words, changed, opened) {
    Object.assign(this, { root, words, changed, opened });
    this.search = root.querySelector("[name=q]");
    this.chips = root.querySelector(".chips");
    this.chips.addEventListener("change", () => this.apply());
    this.search.addEventListener("input", () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.apply({ typed: true }), PAUSE); });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); clearTimeout(this.typing); this.apply({ typed: true }); }
      if (event.key === "Escape" && this.search.value) { event.preventDefault(); this.search.value = ""; this.apply({ typed: true }); }
    });
    addEventListener("popstate", () => this.follow());
    on("tab", (name) => { if (name === "library") { this.follow(); this.facets(); } });
    this.values = {};
    this.projects = [];
    this.read();
    this.facets();
  }

  // -- the address

  read() {
    const [tab, text] = location.hash.slice(1).split("?");
    if (tab !== "library") return;
    const said = new URLSearchParams(text ?? "");
    this.values = Object.fromEntries(NAMES.filter((name) => said.get(name)).map((name) => [name, said.get(name)]));
    this.asset = said.get("asset");
    this.draw();
    if (this.asset) queueMicrotask(() => this.opened(this.asset));
  }

  /** Back or forward was pressed. */
  follow() {
    if (!/^#library(\?|$)/.test(location.hash)) return;
    const [before, open] = [JSON.stringify(this.values), this.asset];
    this.read();
    if (JSON.stringify(this.values) !== before) this.changed();
    if (open && !this.asset) this.opened(null);
  }

  write(how) {
    const to = (values) => (Object.keys(values).length ? `library?${new URLSearchParams(values)}` : "library");
    address(to({ ...this.values, ...(this.asset && { asset: this.asset }) }), how, to(this.values));
  }

  /** Look at one thing: a step that Back takes back. ``how`` is push or replace. */
  open(id, how) {
    const pushed = this.pushed;
    if (id === null) {
      if (!this.asset) return;
      this.pushed = false;
      if (!location.hash.includes("asset=")) { this.asset = null; return; } // another tab is in front already
      if (pushed) return history.back();
    }
    if (how === "push") this.pushed = true;
    this.asset = id;
    this.write(how);
    this.opened(id);
  }

  // -- the choice

  get any() { return Object.keys(this.values).length > 0; }
  get binned() { return this.values.show === "deleted"; }

  /** The choice as the API's parameters. */
  query() {
    const { date, from, to, show, ...plain } = this.values;
    return { ...plain, ...(dates[date]?.({ from, to }) ?? {}), ...(shows[show] ?? {}) };
  }

  apply({ typed = false } = {}) {
    const values = {};
    for (const field of [this.search, ...this.chips.querySelectorAll("[name]")]) {
      const value = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim();
      if (value) values[field.name] = value;
    }
    if (values.date !== "range") { delete values.from; delete values.to; }
    if (JSON.stringify(values) === JSON.stringify(this.values)) return;
    const going = typed && this.values.q && values.q; // typing on does not fill the way back
    this.values = values;
    this.write(going ? "replace" : "push");
    this.draw();
    this.changed();
  }

  set(values) {
    this.values = values;
    this.write("push");
    this.draw();
    this.changed();
  }

  clear() { this.set({}); this.search.focus(); }

  // -- how it looks

  async facets() {
    try {
      [this.found, this.projects] = await Promise.all([api.get("library/facets"), api.get("projects")]);
    } catch { return; } // the chips stay as they are
    this.draw();
    this.counted?.();
  }

  get tags() { return this.found?.tags.map((tag) => tag.value) ?? []; }

  /** The choices of each chip, with how many there are: {name: [[value, words]]} */
  lists() {
    const { found } = this;
    if (!found) return {};
    const listed = (facets, named = (facet) => facet.name) => facets.map((facet) => [facet.value, `${named(facet)} (${facet.count.toLocaleString()})`]);
    return {
      kind: listed(found.kinds, ({ value }) => plural[value] ?? value),
      project_id: listed(found.projects), owner: listed(found.people), tag: listed(found.tags),
      model: listed(found.models, ({ value }) => this.words.models[value] ?? value),
      show: [["made", "Made here"], ["upload", "Brought in"], ["deleted", `In the bin (${found.deleted.toLocaleString()})`]],
    };
  }

  /** Fill one chip; what is chosen stays, even where nothing is left of it. */
  list(name, options) {
    const select = this.chips.querySelector(`[name=${name}]`), chosen = this.values[name];
    if (chosen && !options.some(([value]) => value === chosen)) options = [...options, [chosen, this.words.models[chosen] ?? chosen]];
    const any = select.options[0].textContent;
    refill(select, html`<option value="">${any}</option>${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}`);
    select.closest(".sift").hidden = !options.length && !["kind", "show"].includes(name);
  }

  draw() {
    if (document.activeElement !== this.search) this.search.value = this.values.q ?? "";
    for (const [name, options] of Object.entries(this.lists())) this.list(name, options);
    for (const field of this.chips.querySelectorAll("[name]")) {
      const value = this.values[field.name] ?? "";
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
      field.closest(".sift, .range").classList.toggle("on", Boolean(value));
    }
    this.chips.querySelector(".range").hidden = this.values.date !== "range";
    this.chips.querySelector("[name=favourite]").disabled = this.binned;
    this.chips.querySelector("[data-do=clear]").hidden = !this.any;
  }

  /** How many were found, beside the title. */
  count(number) {
    this.root.querySelector(".count").textContent = this.any ? `${number.toLocaleString()} found` : number.toLocaleString();
  }
}
