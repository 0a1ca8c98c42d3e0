// Keyboard shortcuts that work wherever nothing is being typed, and the sheet that lists all of them.

import { emit } from "../core/bus.js";
import { html, findAll, isTyping, query, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { actOf, shortcuts } from "./shortcut-keys.js";

/** @type {HTMLDialogElement | undefined} */
let sheet;

/** Show the list of shortcuts. */
export function showShortcuts() {
  if (!sheet) {
    document.body.append(sheet = Object.assign(document.createElement("dialog"), { className: "shortcuts", ariaLabel: "Keyboard shortcuts" }));
    sheet.addEventListener("click", (event) => { if (event.target === sheet || targetOf(event).closest("[data-do=close]")) sheet?.close(); });
    render(sheet, html`<div><h2>Keyboard shortcuts</h2>
      <button type="button" class="close" data-do="close" aria-label="Close">${icon("x")}</button>
      ${shortcuts.map(({ place, list }) => html`<section><h3>${place}</h3><dl>${list.map(({ keys, words }) =>
        html`<dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${words}</dd>`)}</dl></section>`)}</div>`);
  }
  showModal(sheet);
}

/** The tab's part of the page, if its tab has a stage. */
const bench = () => query(document, `#bench-${document.body.dataset.tab}`);

function playOrPause() {
  const medium = query(document, `#tab-${document.body.dataset.tab} .stage :is(video, audio)`);
  if (!(medium instanceof HTMLMediaElement)) return false;
  if (medium.paused) medium.play(); else medium.pause();
  return true;
}

/** @param {number} number */
function chooseTask(number) {
  const here = bench(), choice = here && findAll(here, ".choice input", HTMLInputElement)[number - 1];
  choice?.click();
  return Boolean(choice);
}

/** Controls that use a key themselves. */
const ARROWS = "input, video, audio, [role=slider], [role=radiogroup], [role=listbox], [role=menu], [role=grid], [role=tablist]";
/** @type {Record<string, string>} */
const users = { newer: ARROWS, older: ARROWS, play: "button, a, summary, input, video, audio, [tabindex]" };

/**
 * Whether the focused control needs the key itself.
 * @param {HTMLElement} target
 * @param {string} act
 */
const taken = (target, act) => isTyping(target) || Boolean(users[act] && target.closest?.(users[act]));

/**
 * Run an action. Returns whether the open tab has it.
 * @param {string} act
 */
function run(act) {
  if (act === "sheet") { showShortcuts(); return true; }
  if (act.startsWith("task")) return chooseTask(Number(act.at(-1)));
  if (!bench()) return false;
  if (act === "play") return playOrPause();
  if (act === "newer" || act === "older") emit("stepFilm", act === "older" ? 1 : -1);
  else emit("act", act);
  return true;
}

/** Start listening. */
export const listenForShortcuts = () => document.addEventListener("keydown", (event) => {
  const act = event.defaultPrevented ? null : actOf(event), target = targetOf(event);
  if (!act || query(document, "dialog[open], :popover-open") || taken(target, act)) return;
  if (run(act)) event.preventDefault();
});
