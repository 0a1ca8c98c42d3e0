// Typing @ in a prompt offers the cast: arrows choose, Enter takes, Escape leaves; a finger does too.

import * as api from "./api.js";
import { on } from "./bus.js";
import { fill, html, icon } from "./dom.js";

const FIELDS = ".field-prompt textarea, textarea[data-mentions]";
const WRITTEN = /(?:^|[^\p{L}\p{M}\p{N}_@.+/-]|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}])@([\p{L}\p{M}\p{N}_-]{0,40})$/u;
const FRESH = 20_000; // ms for which the cast is not asked for again
const SHOWN = 8;

const small = (text) => text.normalize("NFC").toLowerCase();

let cast = [], asked = 0;
const offer = { field: null, typed: "", found: [], at: 0 };
let box, voice;

async function known() {
  if (Date.now() - asked < FRESH) return;
  asked = Date.now();
  try { cast = await api.get("cast"); } catch { asked = 0; }
}

/** What is being typed before the caret behind an @; null where nothing is. */
function typedIn(field) {
  if (field.selectionStart !== field.selectionEnd) return null;
  return WRITTEN.exec(field.value.slice(0, field.selectionStart))?.[1] ?? null;
}

const fitting = (typed) => {
  const start = small(typed);
  const rank = (member) => (small(member.name).startsWith(start) ? 0 : small(member.name).includes(start) ? 1 : 2);
  return cast.filter((member) => rank(member) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
};

async function look(field) {
  if (typedIn(field) === null) return close();
  await known();
  const typed = document.activeElement === field ? typedIn(field) : null;
  const found = typed === null ? [] : fitting(typed);
  if (!found.length || (found.length === 1 && found[0].name === typed)) return close();
  Object.assign(offer, { field, typed, found, at: 0 });
  draw();
}

function ready() {
  box ??= Object.assign(document.createElement("div"), { id: "cast-offer", className: "cast-offer" });
  voice ??= Object.assign(document.createElement("p"), { className: "visually-hidden" });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "The cast");
  voice.setAttribute("role", "status");
  box.onpointerdown = (event) => event.preventDefault(); // the prompt keeps the caret
  box.onclick = (event) => {
    const option = event.target.closest("[data-at]");
    if (option) take(Number(option.dataset.at));
  };
  const home = offer.field.closest("dialog") ?? document.body;
  if (box.parentNode !== home) home.append(voice, box);
}

function draw() {
  ready();
  const { field, found, at } = offer;
  fill(box, html`${found.map((member, i) => html`<div role="option" id="cast-offer-${i}" data-at="${i}" aria-selected="${String(i === at)}">
    ${member.pictures[0]?.has_thumb ? html`<img src="${api.thumbOf(member.pictures[0].asset)}" alt="">` : html`<span class="sign">${icon("person")}</span>`}
    <span><b>@${member.name}</b><small>${member.kind}${member.look && ` · ${member.look}`}</small></span></div>`)}`);
  const told = `${found.length === 1 ? "One" : found.length} of the cast: ${found.map((one) => one.name).join(", ")}. Arrow keys choose, Enter takes, Escape leaves.`;
  if (box.hidden || voice.textContent !== told) voice.textContent = told;
  box.hidden = false;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", box.id);
  field.setAttribute("aria-activedescendant", `cast-offer-${at}`);
  place();
}

/** Under the prompt, or over it where a keyboard leaves no room. */
function place() {
  if (!offer.field || box.hidden) return;
  const spot = offer.field.getBoundingClientRect();
  const view = window.visualViewport ?? { height: innerHeight, offsetTop: 0 };
  const below = view.offsetTop + view.height - spot.bottom > box.offsetHeight + 8;
  box.style.width = `${Math.min(360, spot.width)}px`;
  box.style.left = `${spot.left}px`;
  box.style.top = `${below ? spot.bottom + 4 : Math.max(8, spot.top - box.offsetHeight - 4)}px`;
}

function close() {
  if (!offer.field) return;
  for (const name of ["aria-controls", "aria-activedescendant", "aria-autocomplete"]) offer.field.removeAttribute(name);
  offer.field = null;
  box.hidden = true;
  voice.textContent = "";
}

function take(at) {
  const { field, typed, found } = offer;
  const end = field.selectionStart, rest = field.value.slice(end);
  const space = /^[\s.,;:!?)’']/.test(rest) ? "" : " ";
  field.setRangeText(`@${found[at].name}${space}`, end - typed.length - 1, end, "end");
  close();
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function key(event) {
  if (!offer.field || event.target !== offer.field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const step = (by) => { offer.at = (offer.at + by + offer.found.length) % offer.found.length; draw(); };
  const keys = {
    ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: () => take(offer.at), Tab: () => take(offer.at), Escape: close,
  };
  if (!keys[event.key] || event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation(); // a dialog stays open, a form is not sent
  keys[event.key]();
}

/** Offer the cast in every prompt of the page, now and later. */
export function mentioning() {
  document.addEventListener("input", (event) => { if (event.target.matches?.(FIELDS)) look(event.target); });
  document.addEventListener("keydown", key, true);
  document.addEventListener("focusout", (event) => event.target === offer.field && close());
  document.addEventListener("selectionchange", () => offer.field && typedIn(offer.field) === null && close());
  addEventListener("scroll", place, true);
  addEventListener("resize", place);
  for (const news of ["cast", "project"]) on(news, () => { asked = 0; });
}
