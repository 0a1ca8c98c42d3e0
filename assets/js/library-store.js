// What the library found: the ids of all of it, in order, and the things themselves page by page, as they are needed.
// However long the list is, only the pages around what is looked at stay in memory.

import * as api from "./api.js";

const PAGE = 100;
const KEPT = 16; // pages
const AT_ONCE = 2;

export class Store {
  /** ``came`` is told when things have arrived, ``failed`` when they could not. */
  constructor(came, failed) {
    Object.assign(this, { came, failed, turn: 0 });
    this.hold({ ids: [], moments: [] }, {});
  }

  hold({ ids, moments }, filter) {
    Object.assign(this, { ids, moments, filter, pages: new Map(), known: new Map(), under: new Map(), wanted: [] });
    this.places = null;
  }

  get length() { return this.ids.length; }

  /** Look for what ``filter`` asks; resolves to whether this was still the newest question when the answer came. */
  async find(filter) {
    const turn = this.turn += 1;
    const found = await api.get(`library/index?${api.query(filter)}`);
    if (turn !== this.turn) return false;
    const before = this.known;
    this.hold(found, filter);
    this.stale = before; // shown until the fresh ones are there: nothing flickers
    return true;
  }

  at(place) { return this.of(this.ids[place]); }
  of(id) { return this.known.get(id) ?? this.stale?.get(id); }

  /** Where a thing stands, or -1. */
  place(id) {
    this.places ??= new Map(this.ids.map((one, place) => [one, place]));
    return this.places.get(id) ?? -1;
  }

  put(asset) {
    if (this.known.has(asset.id)) this.known.set(asset.id, asset);
    this.stale?.delete(asset.id);
  }

  /** See to it that the things from ``first`` to before ``last`` come, and no others that nobody looks at any more. */
  need(first, last) {
    this.wanted = [];
    for (let page = Math.floor(first / PAGE); page * PAGE < Math.min(last, this.length); page += 1) {
      const there = this.pages.get(page);
      if (there) { this.pages.delete(page); this.pages.set(page, there); } // the last used are the last to go
      else if (!this.under.has(page)) this.wanted.push(page);
    }
    this.pump();
  }

  pump() {
    while (this.wanted.length && this.under.size < AT_ONCE) {
      const page = this.wanted.shift();
      this.under.set(page, this.load(page));
    }
  }

  async load(page) {
    const { ids, moments, filter } = this;
    const last = page * PAGE - 1; // the list goes on behind the last one of the page before
    try {
      const answer = await api.assets({ ...filter, limit: PAGE, after: moments[last] });
      if (ids !== this.ids) return;
      this.keep(page, answer.assets);
      this.came();
    } catch (error) {
      if (ids === this.ids) this.failed(error);
    } finally {
      if (ids === this.ids) { this.under.delete(page); this.pump(); }
    }
  }

  keep(page, assets) {
    this.pages.set(page, assets.map((asset) => asset.id));
    for (const asset of assets) this.known.set(asset.id, asset);
    const oldest = this.pages.keys().next().value;
    if (this.pages.size <= KEPT) return;
    for (const id of this.pages.get(oldest)) this.known.delete(id);
    this.pages.delete(oldest);
  }
}
