// Short notices at the edge of the page, with at most one action.

import { messageOf } from "./api.js";
import { find, html, render } from "./dom.js";
import { icon } from "./icons.js";

/** @type {HTMLElement | undefined} */
let shelf;

function build() {
  const built = Object.assign(document.createElement("div"), { className: "toasts", role: "status", ariaLive: "polite" });
  document.body.append(built);
  return built;
}

/**
 * Show a notice. ``act`` = {label, run} adds a button; ``bad`` marks a failure, which stays longer. A tap closes it.
 * @param {string} text
 * @param {{ act?: { label: string, run: () => unknown } | false, bad?: boolean }} [options]
 */
export function toast(text, { act, bad = false } = {}) {
  shelf ??= build();
  const note = document.createElement("div");
  note.className = bad ? "toast bad" : "toast";
  render(note, html`<span>${text}</span>${act && html`<button type="button" class="act">${act.label}</button>`}
    <button type="button" class="close" aria-label="Close">${icon("x")}</button>`);
  const close = () => note.remove();
  let timer = setTimeout(close, act || bad ? 9000 : 4500);
  note.onmouseenter = () => clearTimeout(timer);
  note.onmouseleave = () => { timer = setTimeout(close, 4000); };
  note.onclick = (event) => { if (/** @type {PointerEvent} */ (event).pointerType === "touch") close(); };
  find(note, ".close").onclick = close;
  if (act) find(note, ".act").onclick = () => { close(); act.run(); };
  shelf.append(note);
}

/**
 * Show an error as a notice, in the studio's own words.
 * @param {unknown} error
 */
export const failed = (error) => {
  const text = messageOf(error);
  if (text) toast(text, { bad: true });
};
