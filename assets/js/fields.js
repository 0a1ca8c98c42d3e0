// What of a form acts for the model that is chosen: the rest steps back, without forgetting what was typed.

import { on } from "./bus.js";
import { html, refill } from "./dom.js";

const show = (form, name, shown) => form.querySelector(`.field-${name}`)?.toggleAttribute("hidden", !shown);

/** The line under the model: why it was taken, what to know of it. */
function line(form) {
  let found = form.querySelector(".about-model");
  if (!found) {
    found = Object.assign(document.createElement("div"), { className: "about-model part" });
    found.setAttribute("aria-live", "polite");
    const model = form.querySelector(".field-model");
    if (model) model.append(found);
    else (form.querySelector(".advanced") ?? form.querySelector(".foot")).before(found);
  }
  return found;
}

const told = new Map(); // what folds out later is told then
const watching = new WeakSet();

function apply(said) {
  const { task, about } = said, form = document.getElementById(`task-${task}`);
  if (!form || !about) return;
  told.set(task, said);
  const folded = form.querySelector(".advanced");
  if (folded && !watching.has(folded)) {
    watching.add(folded);
    new MutationObserver(() => step(form, told.get(task))).observe(folded, { childList: true, subtree: true });
  }
  refill(line(form), html`${about.why && html`<p>Auto: ${about.why}</p>`}${about.calm && html`<p>${about.calm}</p>`}
    ${about.caution && html`<p class="caution" role="status">${about.caution}</p>`}`);
  step(form, said);
}

/** What does nothing for the model is not in the way. */
function step(form, { values, about }) {
  if (!about.idle) return; // no model can be told yet
  const idle = new Set(about.idle);
  for (const name of ["negative_prompt", "guidance", "references", "loras", "control"]) show(form, name, !idle.has(name));
  const structured = !idle.has("control") && values.control && values.control !== "none";
  for (const name of ["control_image", "control_strength"]) show(form, name, structured);
  for (const [name, usual] of Object.entries(about.usual)) {
    const input = form.querySelector(`.field-${name} input`);
    if (input) input.placeholder = usual;
  }
  for (const input of form.querySelectorAll(".field-control input[type=radio]")) {
    input.closest("label").hidden = input.value !== "none" && about.controls.length > 0 && !about.controls.includes(input.value);
  }
}

export const fields = () => on("asked", apply);
