// The selection in the grid: click, Shift for a range, Ctrl or Cmd for one more, long press on a phone.

import { targetOf } from "../core/dom.js";

/** @typedef {{ ids: string[], place: (id: string) => number }} AssetOrder the list a selection belongs to */
const LONG = 450; // ms
const STILL = 10; // px a finger may move during a long press

export class Selection {
  /** @param {() => void} changed */
  constructor(changed) {
    /** @type {Set<string>} */
    this.ids = new Set();
    this.changed = changed;
    /** @type {string | null} */
    this.start = null; // where a range starts
  }

  get size() { return this.ids.size; }
  /** @param {string} id */
  has(id) { return this.ids.has(id); }
  list() { return [...this.ids]; }

  /** @param {string} id */
  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.start = id;
    this.changed();
  }

  /**
   * Select everything from the start of the range to ``id``.
   * @param {string} id
   * @param {AssetOrder} store
   */
  stretch(id, store) {
    const [a, b] = [store.place(this.start ?? id), store.place(id)];
    if (a < 0) return this.toggle(id);
    for (let place = Math.min(a, b); place <= Math.max(a, b); place += 1) this.ids.add(store.ids[place]);
    this.changed();
  }

  /** @param {AssetOrder} store */
  all(store) {
    this.ids = new Set(store.ids);
    this.changed();
  }

  /**
   * Deselect what is no longer in the list.
   * @param {AssetOrder} store
   */
  prune(store) {
    const gone = this.list().filter((id) => store.place(id) < 0);
    for (const id of gone) this.ids.delete(id);
    if (gone.length) this.changed();
  }

  clear() {
    if (!this.size) return;
    this.ids.clear();
    this.start = null;
    this.changed();
  }
}

/**
 * Call ``pressed(tile)`` for each long press on a tile, and keep the click that ends it from opening the tile.
 * @param {HTMLElement} sheet
 * @param {(tile: HTMLElement) => void} pressed
 */
export function onLongPress(sheet, pressed) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  /** @type {PointerEvent | null} */
  let from = null;
  let held = false;
  const stop = () => clearTimeout(timer);
  sheet.addEventListener("pointerdown", (event) => {
    const tile = /** @type {HTMLElement | null} */ (targetOf(event).closest(".tile"));
    held = false;
    from = event.pointerType === "touch" ? event : null;
    if (!from || !tile) return;
    timer = setTimeout(() => { held = true; navigator.vibrate?.(12); pressed(tile); }, LONG);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) stop();
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) sheet.addEventListener(name, stop);
  sheet.addEventListener("contextmenu", (event) => { if (from) event.preventDefault(); });
  sheet.addEventListener("click", (event) => { if (held) { held = false; event.stopImmediatePropagation(); event.preventDefault(); } }, true);
}
