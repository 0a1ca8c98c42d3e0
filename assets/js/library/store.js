// The library's results: the ids of all of them in order, and the assets page by page as needed. However long the list,
// only the pages near the visible part stay in memory.

import * as api from "../core/api.js";

/** @import { AssetIndex, AssetView } from "../types/api.js" */

const PAGE = 100;
const KEPT = 16; // pages
const AT_ONCE = 2;

export class AssetStore {
  /** @type {string[]} */
  ids;
  /** @type {number[]} */
  moments;
  /** @type {Record<string, unknown>} */
  filter;
  /** @type {Map<number, string[]>} */
  pages;
  /** @type {Map<string, AssetView>} */
  known;
  /** @type {Map<number, Promise<void>>} */
  loading;
  /** @type {number[]} */
  wanted;
  /** @type {Map<string, number> | null} */
  places;
  /** @type {Map<string, AssetView> | undefined} */
  stale;

  /**
   * ``came`` is called when assets have loaded, ``failed`` when loading failed.
   * @param {() => void} came
   * @param {(error: unknown) => void} failed
   */
  constructor(came, failed) {
    this.came = came;
    this.failed = failed;
    this.turn = 0;
    this.hold({ ids: [], moments: [] }, {});
  }

  /**
   * @param {AssetIndex} index
   * @param {Record<string, unknown>} filter
   */
  hold({ ids, moments }, filter) {
    this.ids = ids;
    this.moments = moments;
    this.filter = filter;
    this.pages = new Map();
    this.known = new Map();
    this.loading = new Map();
    this.wanted = [];
    this.places = null;
  }

  get length() { return this.ids.length; }

  /**
   * Search with ``filter``; resolves to whether this was still the newest search when the response arrived.
   * @param {Record<string, unknown>} filter
   */
  async find(filter) {
    const turn = this.turn += 1;
    const found = await api.get(`library/index?${api.query(filter)}`);
    if (turn !== this.turn) return false;
    const before = this.known;
    this.hold(found, filter);
    this.stale = before; // shown until the new ones arrive, to avoid flicker
    return true;
  }

  /** @param {number} place */
  at(place) { return this.of(this.ids[place]); }
  /** @param {string} id */
  of(id) { return this.known.get(id) ?? this.stale?.get(id); }

  /**
   * The position of an asset, or -1.
   * @param {string} id
   */
  place(id) {
    this.places ??= new Map(this.ids.map((one, place) => [one, place]));
    return this.places.get(id) ?? -1;
  }

  /** @param {AssetView} asset */
  put(asset) {
    if (this.known.has(asset.id)) this.known.set(asset.id, asset);
    this.stale?.delete(asset.id);
  }

  /**
   * Load the assets from ``first`` to before ``last``, and cancel requests that are no longer needed.
   * @param {number} first
   * @param {number} last
   */
  need(first, last) {
    this.wanted = [];
    for (let page = Math.floor(first / PAGE); page * PAGE < Math.min(last, this.length); page += 1) {
      const there = this.pages.get(page);
      if (there) { this.pages.delete(page); this.pages.set(page, there); } // the least recently used pages are dropped first
      else if (!this.loading.has(page)) this.wanted.push(page);
    }
    this.pump();
  }

  pump() {
    while (this.wanted.length && this.loading.size < AT_ONCE) {
      const page = /** @type {number} */ (this.wanted.shift());
      this.loading.set(page, this.load(page));
    }
  }

  /** @param {number} page */
  async load(page) {
    const { ids, moments, filter } = this;
    const last = page * PAGE - 1; // a page starts after the last asset of the page before
    try {
      const answer = await api.assets({ ...filter, limit: PAGE, after: moments[last] });
      if (ids !== this.ids) return;
      this.keep(page, answer.assets);
      this.came();
    } catch (error) {
      if (ids === this.ids) this.failed(error);
    } finally {
      if (ids === this.ids) { this.loading.delete(page); this.pump(); }
    }
  }

  /**
   * @param {number} page
   * @param {AssetView[]} assets
   */
  keep(page, assets) {
    this.pages.set(page, assets.map((asset) => asset.id));
    for (const asset of assets) this.known.set(asset.id, asset);
    if (this.pages.size <= KEPT) return;
    const [[oldest, ids]] = this.pages;
    for (const id of ids) this.known.delete(id);
    this.pages.delete(oldest);
  }
}
