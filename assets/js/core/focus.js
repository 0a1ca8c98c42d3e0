// Keep the focus, and what is being typed, while what has it is rendered anew.

import { query } from "./dom.js";

/** @param {HTMLElement} element */
const selectorOf = (element) => element.localName + [...element.attributes].filter(({ name }) => name === "name" || name.startsWith("data-"))
  .map(({ name, value }) => `[${name}="${CSS.escape(value)}"]`).join("");

/**
 * Who takes the focus from ``element``: the same one rendered anew, otherwise the row it was in, and so on outwards. Never
 * another control: a second press of the same key must not do something else.
 * @param {HTMLElement} root
 * @param {HTMLElement} element
 */
function heirs(root, element) {
  /** @type {string[]} */
  const path = [];
  for (let one = element; one !== root; one = /** @type {HTMLElement} */ (one.parentElement)) {
    if (one === element || Object.keys(one.dataset).length) path.unshift(selectorOf(one));
  }
  return path.map((_, at) => path.slice(0, path.length - at).join(" "));
}

/**
 * Render something inside ``root``. If that removes the focused element, its successor is focused.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function keepFocus(root, draw) {
  const { activeElement: focused } = document;
  const wanted = focused instanceof HTMLElement && focused !== root && root.contains(focused) ? heirs(root, focused) : [];
  draw();
  if (!wanted.length || focused?.isConnected) return;
  for (const heir of [...wanted.map((selector) => query(root, selector)), root]) {
    if (heir && heir.tabIndex < 0) heir.tabIndex = -1; // a row takes it from here on
    heir?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) return;
  }
}

/**
 * Whether someone is typing in a field of ``root``. If so, ``draw`` runs once they have left it: no letter is lost.
 * A field that is being saved sets its ``defaultValue``.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function waitsForTyping(root, draw) {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement) || !root.contains(field) || field.value === field.defaultValue) return false;
  field.addEventListener("blur", () => setTimeout(draw), { once: true }); // the next field has the focus by then
  return true;
}

/**
 * Render something inside ``root``: at once, or when nobody types in it. The focus stays.
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function drawAround(root, draw) {
  if (!waitsForTyping(root, () => drawAround(root, draw))) keepFocus(root, draw);
}
