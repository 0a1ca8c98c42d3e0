// The wall: a list of any length of which only what is near the window is on the page. Tiles never move when they fill.

import * as api from "./api.js";
import { fill, html, icon } from "./dom.js";
import { brief } from "./loras-facts.js";
import { Layout, sections } from "./library-layout.js";
import { capital, kinds, seconds, when } from "./words.js";

const AROUND = 700; // px above and below the window that are kept ready
const HURRY = 3; // px a millisecond: faster than this nobody sees what passes
const REST = 90; // ms after which scrolling has come to rest
const PASSED = 900; // ms that the date stays when scrolling has ended
const phone = matchMedia("(max-width: 760px)");
const shapes = {
  desk: { least: 190, gap: 16, ratio: 0.75, under: 32 },
  hand: { columns: 3, gap: 3, ratio: 1, under: 0 },
};

const inside = (asset, seen) => html`<span class="pic">${asset.has_thumb
    ? html`<img fetchpriority="${seen ? "high" : "low"}" src="${api.thumbOf(asset.id)}" alt="" decoding="async" draggable="false">`
    : html`<span class="sign">${icon(asset.kind)}</span>`}
    ${asset.kind === "lora" && html`<em>${brief(asset)}</em>`}
    ${asset.kind !== "image" && asset.seconds > 0 && html`<em>${icon(asset.kind)}${seconds(asset.seconds)}</em>`}
    ${asset.favourite && html`<span class="kept">${icon("star")}</span>`}
    <span class="tick" data-tick>${icon("check")}</span></span>
  <span class="name">${asset.title}</span>`;

export class Wall {
  /** ``chosen`` knows which ids are chosen. */
  constructor(root, store, chosen) {
    Object.assign(this, { store, chosen });
    this.scroller = root.querySelector(".wall");
    this.passing = root.querySelector(".passing");
    this.sheet = root.querySelector(".roll");
    this.tiles = new Map(); // place -> tile
    this.heads = new Map(); // number of a section -> its heading
    this.current = 0; // where the keyboard is
    this.seen = { first: 0, last: 0 }; // what is in the window
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.sheet.addEventListener("focusin", (event) => this.visit(Number(event.target.closest(".tile")?.dataset.at ?? -1)));
    this.sheet.addEventListener("error", (event) => event.target.matches("img") && (event.target.hidden = true), true);
    new ResizeObserver(() => this.resize()).observe(this.scroller);
  }

  // -- the list changed, or the window

  /** Show the store's list anew. ``stay`` keeps what is seen where it is; without it the list starts at its top. */
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
    if (!this.scroller.clientWidth || !this.sections) return; // another tab is in front
    const width = this.sheet.clientWidth;
    if (width !== this.wide) {
      const anchor = this.anchor();
      this.place();
      for (const [place, tile] of this.tiles) this.put(place, tile);
      for (const [number, head] of this.heads) head.style.transform = `translateY(${this.layout.sections[number].top}px)`;
      this.restore(anchor);
    } else if (this.left) this.scroller.scrollTop = this.left; // back in front, some browsers start at the top
    this.render();
  }

  place() {
    this.wide = this.sheet.clientWidth;
    this.layout = new Layout(this.sections, this.wide || 1200, shapes[phone.matches ? "hand" : "desk"]);
    this.sheet.style.height = `${this.layout.height}px`;
    this.sheet.style.setProperty("--wide", `${this.layout.width}px`);
    this.sheet.style.setProperty("--tall", `${this.layout.tall}px`);
  }

  /** The first thing in the window, and how far below the window's edge it begins. */
  anchor() {
    if (!this.layout || !this.ids?.length) return null;
    const { first } = this.layout.between(this.scroller.scrollTop, this.scroller.scrollTop + 1);
    const place = Math.min(first, this.ids.length - 1);
    return { ids: this.ids, place, off: this.layout.spot(place).top - this.scroller.scrollTop };
  }

  /** Scroll so that the anchor is where it was; where it is gone, the next thing that is still there. */
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
    Object.assign(this, { left: top, then: now, hurried: pace > HURRY });
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

  /** Far down a long section, say which one it is while it passes by. */
  pass() {
    if (!this.layout?.sections.length) return;
    const { first } = this.layout.between(this.left, this.left + 1);
    this.passing.textContent = this.layout.sections[this.layout.sectionOf(first)].title;
    this.passing.classList.add("on");
    clearTimeout(this.passed);
    this.passed = setTimeout(() => this.passing.classList.remove("on"), PASSED);
  }

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

  // -- one tile

  idAt(place) { return this.store.ids[place]; }

  make(place) {
    const tile = document.createElement("div"), id = this.idAt(place);
    tile.className = "tile waiting";
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-posinset", place + 1);
    tile.setAttribute("aria-setsize", this.store.length);
    tile.setAttribute("aria-selected", String(this.chosen.has(id)));
    tile.setAttribute("aria-label", "Loading");
    Object.assign(tile.dataset, { asset: id, at: place });
    tile.tabIndex = -1;
    this.put(place, tile);
    fill(tile, html`<span class="pic"></span>`);
    this.sheet.append(tile);
    this.tiles.set(place, tile);
  }

  put(place, tile) {
    const { left, top } = this.layout.spot(place);
    tile.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** Fill a tile once what it stands for is known; what is in the window gets its picture first. */
  dress(place, tile) {
    const asset = this.store.at(place);
    if (!asset || tile.asset === asset) return;
    const same = tile.asset && JSON.stringify(tile.asset) === JSON.stringify(asset);
    tile.asset = asset;
    if (same) return;
    tile.className = `tile ${asset.kind}`;
    tile.setAttribute("aria-label", `${capital(kinds[asset.kind] ?? asset.kind)}: ${asset.title}, ${when(asset.created_at)}${asset.favourite ? ", favourite" : ""}`);
    fill(tile, inside(asset, place >= this.seen.first && place < this.seen.last));
  }

  drop(place) {
    const tile = this.tiles.get(place);
    tile.querySelector("img")?.removeAttribute("src"); // a picture still on its way is called off
    tile.remove();
    this.tiles.delete(place);
  }

  mark() {
    this.sheet.classList.toggle("choosing", this.chosen.size > 0);
    for (const tile of this.tiles.values()) tile.setAttribute("aria-selected", String(this.chosen.has(tile.dataset.asset)));
  }

  /** What the store holds has changed: fill what is on the page. */
  refresh() { for (const [place, tile] of this.tiles) this.dress(place, tile); }

  // -- the keyboard's place

  /** One tile can be reached by Tab: where the keyboard was, or the first in the window. */
  rove(first, last) {
    const reach = this.current >= first && this.current < last ? this.current : first;
    for (const [place, tile] of this.tiles) tile.tabIndex = place === reach ? 0 : -1;
  }

  visit(place) {
    if (place < 0) return;
    this.current = place;
    for (const [at, tile] of this.tiles) tile.tabIndex = at === place ? 0 : -1;
  }

  focus(place) {
    this.bringIn(place);
    this.render();
    this.tiles.get(place)?.focus({ preventScroll: true });
  }

  /** Scroll no further than it takes to see a whole tile. */
  bringIn(place) {
    const { top } = this.layout.spot(place), height = this.scroller.clientHeight;
    if (top < this.scroller.scrollTop + 8) this.scroller.scrollTop = Math.max(0, top - 54);
    else if (top + this.layout.row > this.scroller.scrollTop + height) this.scroller.scrollTop = top + this.layout.row - height + 8;
  }

  /** Where a key leads from the current place, or null. */
  lead(key) {
    const last = this.store.length - 1, { current } = this;
    const rows = Math.max(1, Math.floor(this.scroller.clientHeight / this.layout.row));
    const far = (down) => { let place = current; for (let i = 0; i < rows; i += 1) place = this.layout.beside(place, down); return place; };
    const ways = {
      ArrowRight: () => Math.min(last, current + 1), ArrowLeft: () => Math.max(0, current - 1), Home: () => 0, End: () => last,
      ArrowDown: () => this.layout.beside(current, 1), ArrowUp: () => this.layout.beside(current, -1),
      PageDown: () => far(1), PageUp: () => far(-1),
    };
    return last >= 0 && ways[key] ? ways[key]() : null;
  }
}
