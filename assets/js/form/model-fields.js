// Show only the fields that affect the chosen model. Hidden fields keep their values.

import { on } from "../core/bus.js";
import { closest, find, findAll, html, query, renderChanged } from "../core/dom.js";

/** @import { Events } from "../types/events.js" */

/**
 * @param {HTMLElement} form
 * @param {string} name
 * @param {unknown} shown
 */
const show = (form, name, shown) => query(form, `.field-${name}`)?.toggleAttribute("hidden", !shown);

/**
 * The line under the model: why it was chosen, and what to know about it.
 * @param {HTMLElement} form
 */
function line(form) {
  let found = query(form, ".about-model");
  if (!found) {
    found = Object.assign(document.createElement("div"), { className: "about-model part" });
    found.setAttribute("aria-live", "polite");
    const model = query(form, ".field-model");
    if (model) model.append(found);
    else (query(form, ".advanced") ?? find(form, ".submit-bar")).before(found);
  }
  return found;
}

/** @type {Map<string, Events["formChanged"]>} */
const latest = new Map(); // for parts that open later
const watching = new WeakSet();

/** @param {Events["formChanged"]} said */
function apply(said) {
  const { task, about } = said, form = document.getElementById(`task-${task}`);
  if (!form || !about) return;
  latest.set(task, said);
  const folded = query(form, ".advanced");
  if (folded && !watching.has(folded)) {
    watching.add(folded);
    new MutationObserver(() => hideIdle(form, latest.get(task))).observe(folded, { childList: true, subtree: true });
  }
  renderChanged(line(form), html`${about.why && html`<p>Auto: ${about.why}</p>`}${about.calm && html`<p>${about.calm}</p>`}
    ${about.caution && html`<p class="caution" role="status">${about.caution}</p>`}`);
  hideIdle(form, said);
}

/**
 * Hide the fields that do nothing for the model.
 * @param {HTMLElement} form
 * @param {Events["formChanged"] | undefined} asked
 */
function hideIdle(form, asked) {
  if (!asked?.about?.idle) return; // no model yet
  const { values, about } = asked;
  const idle = new Set(about.idle);
  for (const name of ["negative_prompt", "guidance", "references", "last_image", "loras", "control"]) show(form, name, !idle.has(name));
  const structured = !idle.has("control") && values.control && values.control !== "none";
  for (const name of ["control_image", "control_strength"]) show(form, name, structured);
  for (const [name, usual] of Object.entries(about.usual ?? {})) {
    const input = query(form, `.field-${name} input`, HTMLInputElement);
    if (input) input.placeholder = usual;
  }
  for (const input of findAll(form, ".field-control input[type=radio]", HTMLInputElement)) {
    closest(input, "label").hidden = input.value !== "none" && Boolean(about.controls?.length) && !about.controls?.includes(input.value);
  }
}

export const followModel = () => on("formChanged", apply);
