// What is chosen on the wall: click, Shift for a stretch, Ctrl or Cmd for one more, a long press on a phone.

const LONG = 450; // ms
const STILL = 10; // px a finger may move meanwhile

export class Chosen {
  constructor(changed) {
    this.ids = new Set();
    this.changed = changed;
    this.start = null; // where a stretch begins
  }

  get size() { return this.ids.size; }
  has(id) { return this.ids.has(id); }
  list() { return [...this.ids]; }

  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.start = id;
    this.changed();
  }

  /** Everything from where the stretch began to ``id``. */
  stretch(id, store) {
    const [a, b] = [store.place(this.start ?? id), store.place(id)];
    if (a < 0) return this.toggle(id);
    for (let place = Math.min(a, b); place <= Math.max(a, b); place += 1) this.ids.add(store.ids[place]);
    this.changed();
  }

  all(store) {
    this.ids = new Set(store.ids);
    this.changed();
  }

  /** Forget what is no longer in the list. */
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

/** Tell ``pressed(tile)`` of each long press of a finger on a tile, and keep the click that ends it from opening it. */
export function longPress(sheet, pressed) {
  let timer, from, held = false;
  const stop = () => clearTimeout(timer);
  sheet.addEventListener("pointerdown", (event) => {
    const tile = event.target.closest(".tile");
    held = false;
    from = event.pointerType === "touch" ? event : null;
    if (!from || !tile) return;
    timer = setTimeout(() => { held = true; navigator.vibrate?.(12); pressed(tile); }, LONG);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) stop();
  });
  for (const name of ["pointerup", "pointercancel"]) sheet.addEventListener(name, stop);
  sheet.addEventListener("contextmenu", (event) => { if (from) event.preventDefault(); });
  sheet.addEventListener("click", (event) => { if (held) { held = false; event.stopImmediatePropagation(); event.preventDefault(); } }, true);
}
