// Typing @ in a prompt offers the cast: arrow keys choose, Enter inserts, Escape closes; tapping works too.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, html, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { matchingMembers, typedMention } from "./mention-match.js";

/** @import { CastView } from "../types/api.js" */

const FIELDS = ".field-prompt textarea, textarea[data-mentions]";
const FRESH = 20_000; // ms before the cast is loaded again

/** @type {CastView[]} */
let cast = [];
let asked = 0; // when the cast was loaded, in ms

/**
 * The current offer, and the prompt it is for.
 * @type {{ field: HTMLTextAreaElement, typed: string, found: CastView[], at: number } | null}
 */
let offer = null;

/** @type {HTMLElement} */
let box;

/** @type {HTMLElement} */
let status; // announces the offer to screen readers

async function castMembers() {
  if (Date.now() - asked < FRESH) return;
  asked = Date.now();
  try { cast = await api.get("cast"); } catch { asked = 0; }
}

/**
 * The text between an @ and the caret, or null.
 * @param {HTMLTextAreaElement} field
 */
function typedIn(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return typedMention(field.value.slice(0, field.selectionStart));
}

/** @param {HTMLTextAreaElement} field */
async function suggest(field) {
  if (typedIn(field) === null) return close();
  await castMembers();
  const typed = document.activeElement === field ? typedIn(field) : null;
  const found = typed === null ? [] : matchingMembers(cast, typed);
  if (!found.length || (found.length === 1 && found[0].name === typed)) return close();
  offer = { field, typed: typed ?? "", found, at: 0 };
  draw(offer);
}

/** Put the list in the same dialog as ``field``, if it is in one: a dialog covers everything outside it. */
function mount(/** @type {HTMLElement} */ field) {
  if (!box) {
    box = Object.assign(document.createElement("div"), { id: "cast-offer", className: "cast-offer", role: "listbox", ariaLabel: "The cast" });
    status = Object.assign(document.createElement("p"), { className: "visually-hidden", role: "status" });
    box.addEventListener("pointerdown", (event) => event.preventDefault()); // the prompt keeps the caret
    box.addEventListener("click", (event) => {
      const option = /** @type {HTMLElement | null} */ (targetOf(event).closest("[data-at]"));
      if (option && offer) take(offer, Number(dataOf(option).at));
    });
  }
  const home = field.closest("dialog") ?? document.body;
  if (box.parentNode !== home) home.append(status, box);
}

/** @param {NonNullable<typeof offer>} offered */
function draw({ field, found, at }) {
  mount(field);
  render(box, html`${found.map((member, i) => html`<div role="option" id="cast-offer-${i}" data-at="${i}" aria-selected="${String(i === at)}">
    ${member.pictures[0]?.has_thumb ? html`<img src="${api.thumbOf(member.pictures[0].asset)}" alt="">` : html`<span class="sign">${icon("person")}</span>`}
    <span><b>@${member.name}</b><small>${member.kind}${member.look && ` · ${member.look}`}</small></span></div>`)}`);
  const text = `${found.length === 1 ? "1 match" : `${found.length} matches`}: ${found.map((one) => one.name).join(", ")}. Use the arrow keys, Enter to insert, Escape to close.`;
  if (box.hidden || status.textContent !== text) status.textContent = text;
  box.hidden = false;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", box.id);
  field.setAttribute("aria-activedescendant", `cast-offer-${at}`);
  place();
}

/** Position the list below the prompt, or above it if an on-screen keyboard leaves no room. */
function place() {
  if (!offer || box.hidden) return;
  const spot = offer.field.getBoundingClientRect();
  const view = window.visualViewport ?? { height: innerHeight, offsetTop: 0 };
  const below = view.offsetTop + view.height - spot.bottom > box.offsetHeight + 8;
  box.style.width = `${Math.min(360, spot.width)}px`;
  box.style.left = `${spot.left}px`;
  box.style.top = `${below ? spot.bottom + 4 : Math.max(8, spot.top - box.offsetHeight - 4)}px`;
}

function close() {
  if (!offer) return;
  for (const name of ["aria-controls", "aria-activedescendant", "aria-autocomplete"]) offer.field.removeAttribute(name);
  offer = null;
  box.hidden = true;
  status.textContent = "";
}

/**
 * @param {NonNullable<typeof offer>} offered
 * @param {number} at
 */
function take({ field, typed, found }, at) {
  const end = field.selectionStart, rest = field.value.slice(end);
  const space = /^[\s.,;:!?)’']/.test(rest) ? "" : " ";
  field.setRangeText(`@${found[at].name}${space}`, end - typed.length - 1, end, "end");
  close();
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (!offer || event.target !== offer.field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const offered = offer;
  /** @param {number} by */
  const step = (by) => { offered.at = (offered.at + by + offered.found.length) % offered.found.length; draw(offered); };
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: () => take(offered, offered.at), Tab: () => take(offered, offered.at), Escape: close,
  };
  if (!keys[event.key] || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation(); // the dialog stays open and the form is not submitted
  keys[event.key]();
}

/** Offer the cast in every prompt of the page, including ones added later. */
export function listenForMentions() {
  document.addEventListener("input", (event) => { const { target } = event; if (target instanceof HTMLTextAreaElement && target.matches(FIELDS)) suggest(target); });
  document.addEventListener("keydown", key, true);
  document.addEventListener("focusout", (event) => event.target === offer?.field && close());
  document.addEventListener("selectionchange", () => offer && typedIn(offer.field) === null && close());
  addEventListener("scroll", place, true);
  addEventListener("resize", place);
  for (const news of /** @type {const} */ (["cast", "project"])) on(news, () => { asked = 0; });
}
