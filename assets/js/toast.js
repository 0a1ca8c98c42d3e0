// Short notices at the edge of the page, with at most one thing to do about them.

import { fill, html, icon } from "./dom.js";

let shelf;

function ready() {
  if (shelf) return;
  shelf = document.createElement("div");
  shelf.className = "toasts";
  shelf.setAttribute("role", "status");
  shelf.setAttribute("aria-live", "polite");
  document.body.append(shelf);
}

/** Say something. ``act`` = {label, run} adds a button; ``bad`` marks a failure, which stays longer. */
export function toast(text, { act, bad = false } = {}) {
  ready();
  const note = document.createElement("div");
  note.className = bad ? "toast bad" : "toast";
  fill(note, html`<span>${text}</span>${act && html`<button type="button" class="act">${act.label}</button>`}
    <button type="button" class="close" aria-label="Close">${icon("x")}</button>`);
  const close = () => note.remove();
  let timer = setTimeout(close, act || bad ? 9000 : 4500);
  note.onmouseenter = () => clearTimeout(timer);
  note.onmouseleave = () => { timer = setTimeout(close, 4000); };
  note.querySelector(".close").onclick = close;
  if (act) note.querySelector(".act").onclick = () => { close(); act.run(); };
  shelf.append(note);
}

/** Tell what went wrong, in the studio's own words. */
export const failed = (error) => { if (error.message) toast(error.message, { bad: true }); };
