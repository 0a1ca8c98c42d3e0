// The grid: a list of any length that renders only the tiles near the window. Tiles never move when they load.

import * as api from "../core/api.js";
import { badgeList, fullTitle } from "../core/badges.js";
import { dataOf, find, html, query, render, targetOf } from "../core/dom.js";
import { capitalize, formatDate, formatDuration, kindNames } from "../core/format.js";
import { icon } from "../core/icons.js";
import { reproductionMark } from "../core/reproduction.js";
import { loraSummary } from "../loras/facts.js";
import { Layout, sections } from "./layout.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Section } from "./layout.js"
 * @import { Selection } from "./selection.js"
 * @import { AssetStore } from "./store.js"
 */

/** @typedef {{ ids: string[], place: number, off: number }} Anchor the visible assets, and how far below the edge the first one starts */

/** @typedef {HTMLElement & { asset?: AssetView }} Tile */

const AROUND = 700; // px rendered above and below the window
const HURRY = 3; // px per ms: above this speed, tiles are not loaded
const REST = 90; // ms until scrolling counts as stopped
const PASSED = 900; // ms the date stays visible after scrolling
const phone = matchMedia("(max-width: 760px)");
const shapes = {
  desk: { least: 190, gap: 16, ratio: 0.75, under: 32 },
  hand: { columns: 3, gap: 3, ratio: 1, under: 0 },
};

/**
 * @param {AssetView} asset
 * @param {boolean} seen
 */
const inside = (asset, seen) => html`<span class="pic">${asset.has_thumb
    ? html`<img fetchpriority="${seen ? "high" : "low"}" src="${api.thumbOf(asset.id)}" alt="" decoding="async" draggable="false">`
    : html`<span class="sign">${icon(asset.kind)}</span>`}
    ${asset.kind === "lora" && html`<em>${loraSummary(asset)}</em>`}
    ${asset.kind !== "image" && asset.seconds !== null && asset.seconds > 0 && html`<em>${icon(asset.kind)}${formatDuration(asset.seconds)}</em>`}
    ${reproductionMark(asset)}
    ${badgeList(asset, 3)}
    ${asset.favorite && html`<span class="kept">${icon("star")}</span>`}
    <span class="tick" data-tick>${icon("check")}</span></span>
  <span class="name" dir="auto">${asset.title}</span>`;

export class Grid {
  /** @type {Section[]} */
  sections;
  /** @type {Layout} */
  layout;
  /** @type {string[]} */
  ids;
  /** @type {number} */
  wide;
  /** @type {number | undefined} */
  left;
  /** @type {number} */
  then;
  /** @type {boolean} */
  hurried;
  /** @type {ReturnType<typeof setTimeout>} */
  resting;
  /** @type {ReturnType<typeof setTimeout>} */
  passed;
  /** @type {number | null | undefined} */
  soon;

  /**
   * ``chosen`` is the selection.
   * @param {HTMLElement} root
   * @param {AssetStore} store
   * @param {Selection} chosen
   */
  constructor(root, store, chosen) {
    this.store = store;
    this.selection = chosen;
    this.scroller = find(root, ".wall");
    this.passing = find(root, ".passing");
    this.sheet = find(root, ".roll");
    /** @type {Map<number, Tile>} */
    this.tiles = new Map(); // by position
    /** @type {Map<number, HTMLElement>} */
    this.heads = new Map(); // by section number
    this.current = 0; // the keyboard's position
    this.seen = { first: 0, last: 0 }; // the visible positions
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.sheet.addEventListener("focusin", (event) => this.visit(Number(/** @type {HTMLElement | null} */ (targetOf(event).closest(".tile"))?.dataset.at ?? -1)));
    this.sheet.addEventListener("error", (event) => targetOf(event).matches("img") && (targetOf(event).hidden = true), true);
    new ResizeObserver(() => this.resize()).observe(this.scroller);
  }

  // -- changes of the list or the window

  /** Render the store's list. ``stay`` keeps the visible tiles in place; otherwise the list starts at the top. */
  show({ stay = false } = {}) {
    const anchor = stay && this.scroller.scrollTop > 60 ? this.anchor() : null;
    const focused = stay && this.sheet.contains(document.activeElement) ? this.idAt(this.current) : null;
    for (const place of [...this.tiles.keys()]) this.drop(place);
    for (const head of this.heads.values()) head.remove();
    this.heads.clear();
    this.ids = this.store.ids;
    this.sections = sections(this.store.moments);
    this.place();
    if (anchor) this.restore(anchor); else if (!stay) this.scroller.scrollTop = 0;
    const again = focused ? this.store.place(focused) : -1;
    this.current = Math.max(0, again >= 0 ? again : Math.min(stay ? this.current : 0, this.store.length - 1));
    this.render();
    if (focused && this.store.length) this.focus(this.current);
  }

  resize() {
    if (!this.scroller.clientWidth || !this.sections) return; // another tab is open
    const width = this.sheet.clientWidth;
    if (width !== this.wide) {
      const anchor = this.anchor();
      this.place();
      for (const [place, tile] of this.tiles) this.put(place, tile);
      for (const [number, head] of this.heads) head.style.transform = `translateY(${this.layout.sections[number].top}px)`;
      this.restore(anchor);
    } else if (this.left) this.scroller.scrollTop = this.left; // when shown again, some browsers start at the top
    this.render();
  }

  place() {
    this.wide = this.sheet.clientWidth;
    this.layout = new Layout(this.sections, this.wide || 1200, shapes[phone.matches ? "hand" : "desk"]);
    this.sheet.style.height = `${this.layout.height}px`;
    this.sheet.style.setProperty("--wide", `${this.layout.width}px`);
    this.sheet.style.setProperty("--tall", `${this.layout.tall}px`);
  }

  /** The first visible asset, and how far below the window's edge it starts. */
  anchor() {
    if (!this.layout || !this.ids?.length) return null;
    const { first } = this.layout.between(this.scroller.scrollTop, this.scroller.scrollTop + 1);
    const place = Math.min(first, this.ids.length - 1);
    return { ids: this.ids, place, off: this.layout.spot(place).top - this.scroller.scrollTop };
  }

  /**
   * Scroll so that the anchor is where it was, or the next asset that still exists.
   * @param {Anchor | null} anchor
   */
  restore(anchor) {
    if (!anchor) return;
    for (let at = anchor.place; at < anchor.ids.length; at += 1) {
      const place = this.store.place(anchor.ids[at]);
      if (place >= 0) { this.scroller.scrollTop = this.layout.spot(place).top - anchor.off; return; }
    }
  }

  // -- scrolling

  scrolled() {
    const now = performance.now(), top = this.scroller.scrollTop;
    const pace = Math.abs(top - (this.left ?? 0)) / Math.max(1, now - (this.then ?? 0));
    this.left = top;
    this.then = now;
    this.hurried = pace > HURRY;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => { this.hurried = false; this.render(); }, REST);
    this.pass();
    this.soon ??= requestAnimationFrame(() => { this.soon = null; this.render(); });
  }

  render() {
    if (!this.layout || !this.scroller.clientHeight) return;
    const top = this.scroller.scrollTop;
    const { first, last, from, to } = this.layout.between(top - AROUND, top + this.scroller.clientHeight + AROUND);
    for (const [place, tile] of this.tiles) {
      if ((place < first || place >= last) && tile !== document.activeElement) this.drop(place);
    }
    for (let place = first; place < last; place += 1) if (!this.tiles.has(place)) this.make(place);
    this.titles(from, to);
    if (!this.hurried) {
      this.store.need(first, last);
      this.seen = this.layout.between(top, top + this.scroller.clientHeight);
      this.refresh();
    }
    this.rove(first, last);
  }

  /** Far down a long section, show its date while scrolling. */
  pass() {
    if (!this.layout?.sections.length) return;
    const { first } = this.layout.between(this.left ?? 0, (this.left ?? 0) + 1);
    this.passing.textContent = this.layout.sections[this.layout.sectionOf(first)].title;
    this.passing.classList.add("on");
    clearTimeout(this.passed);
    this.passed = setTimeout(() => this.passing.classList.remove("on"), PASSED);
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  titles(from, to) {
    for (const [number, head] of this.heads) if (number < from || number >= to) { head.remove(); this.heads.delete(number); }
    for (let number = from; number < to; number += 1) {
      if (this.heads.has(number)) continue;
      const section = this.layout.sections[number], head = document.createElement("p");
      head.className = "date";
      head.setAttribute("role", "presentation");
      head.textContent = section.title;
      head.style.transform = `translateY(${section.top}px)`;
      this.sheet.append(head);
      this.heads.set(number, head);
    }
  }

  // -- tiles

  /** @param {number} place */
  idAt(place) { return this.store.ids[place]; }

  /** @param {number} place */
  make(place) {
    const tile = document.createElement("div"), id = this.idAt(place);
    tile.className = "tile waiting";
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-posinset", String(place + 1));
    tile.setAttribute("aria-setsize", String(this.store.length));
    tile.setAttribute("aria-selected", String(this.selection.has(id)));
    tile.setAttribute("aria-label", "Loading");
    Object.assign(tile.dataset, { asset: id, at: place });
    tile.tabIndex = -1;
    this.put(place, tile);
    render(tile, html`<span class="pic"></span>`);
    this.sheet.append(tile);
    this.tiles.set(place, tile);
  }

  /**
   * @param {number} place
   * @param {Tile} tile
   */
  put(place, tile) {
    const { left, top } = this.layout.spot(place);
    tile.style.transform = `translate(${left}px, ${top}px)`;
  }

  /**
   * Fill a tile once its asset is loaded. Visible tiles get their picture first.
   * @param {number} place
   * @param {Tile} tile
   */
  dress(place, tile) {
    const asset = this.store.at(place);
    if (!asset || tile.asset === asset) return;
    const same = tile.asset && JSON.stringify(tile.asset) === JSON.stringify(asset);
    tile.asset = asset;
    if (same) return;
    tile.className = `tile ${asset.kind}`;
    tile.setAttribute("aria-label", `${capitalize(kindNames[asset.kind] ?? asset.kind)}: ${fullTitle(asset)}, ${formatDate(asset.created_at)}${asset.reproduces ? ", reproduction" : ""}${asset.favorite ? ", favorite" : ""}`);
    render(tile, inside(asset, place >= this.seen.first && place < this.seen.last));
  }

  /** @param {number} place */
  drop(place) {
    const tile = this.tiles.get(place);
    if (!tile) return;
    query(tile, "img", HTMLImageElement)?.removeAttribute("src"); // cancel a picture that is still loading
    tile.remove();
    this.tiles.delete(place);
  }

  mark() {
    this.sheet.classList.toggle("choosing", this.selection.size > 0);
    for (const tile of this.tiles.values()) tile.setAttribute("aria-selected", String(this.selection.has(dataOf(tile).asset)));
  }

  /** The store changed: update the tiles on the page. */
  refresh() { for (const [place, tile] of this.tiles) this.dress(place, tile); }

  // -- keyboard

  /**
   * Make one tile reachable by Tab: the keyboard's last, or the first visible one.
   * @param {number} first
   * @param {number} last
   */
  rove(first, last) {
    const reach = this.current >= first && this.current < last ? this.current : first;
    for (const [place, tile] of this.tiles) tile.tabIndex = place === reach ? 0 : -1;
  }

  /** @param {number} place */
  visit(place) {
    if (place < 0) return;
    this.current = place;
    for (const [at, tile] of this.tiles) tile.tabIndex = at === place ? 0 : -1;
  }

  /** @param {number} place */
  focus(place) {
    this.bringIn(place);
    this.render();
    this.tiles.get(place)?.focus({ preventScroll: true });
  }

  /**
   * Scroll just far enough to show a whole tile.
   * @param {number} place
   */
  bringIn(place) {
    const { top } = this.layout.spot(place), height = this.scroller.clientHeight;
    if (top < this.scroller.scrollTop + 8) this.scroller.scrollTop = Math.max(0, top - 54);
    else if (top + this.layout.row > this.scroller.scrollTop + height) this.scroller.scrollTop = top + this.layout.row - height + 8;
  }

  /**
   * The position a key leads to from the current one, or null.
   * @param {string} key
   */
  lead(key) {
    const last = this.store.length - 1, { current } = this;
    const rows = Math.max(1, Math.floor(this.scroller.clientHeight / this.layout.row));
    /** @param {number} down */
    const far = (down) => { let place = current; for (let i = 0; i < rows; i += 1) place = this.layout.beside(place, down); return place; };
    /** @type {Record<string, () => number>} */
    const ways = {
      ArrowRight: () => Math.min(last, current + 1), ArrowLeft: () => Math.max(0, current - 1), Home: () => 0, End: () => last,
      ArrowDown: () => this.layout.beside(current, 1), ArrowUp: () => this.layout.beside(current, -1),
      PageDown: () => far(1), PageUp: () => far(-1),
    };
    return last >= 0 && ways[key] ? ways[key]() : null;
  }
}
