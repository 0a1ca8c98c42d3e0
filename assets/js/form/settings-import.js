// Fill the form from the settings stored in a picture, dropped on the form or chosen, and list what could not be applied.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { find, html, query, render, targetOf } from "../core/dom.js";
import { transferOf } from "../core/drag.js";
import { icon } from "../core/icons.js";
import { medium } from "../core/media.js";
import { failed, toast } from "../core/toast.js";
import { openTab } from "../shell/router.js";
import { slotFor, slots } from "./slot.js";
import { submitBars } from "./submit-bar.js";

/**
 * @import { ReadSettings } from "../types/api.js"
 * @import { SubmitBar } from "./submit-bar.js"
 */

const readable = /^image\/(png|jpeg|webp|avif)$/;

/** @type {Record<string, string>} */
const names = { c41: "C41 Studio", a1111: "A1111", comfyui: "ComfyUI", invokeai: "InvokeAI", fooocus: "Fooocus", swarmui: "SwarmUI", novelai: "NovelAI" };

/**
 * Read a picture's settings: {kind, request, unknown}.
 * @param {File} file
 */
function ask(file) {
  const form = new FormData();
  form.append("file", file);
  return api.post("read", form);
}

/**
 * Fill the form from the settings, and list what could not be applied.
 * @param {ReadSettings} found
 * @param {File} file
 */
async function take(found, file) {
  const { task, ...values } = found.request;
  const tab = medium(task);
  if (tab) await openTab(tab, task);
  const bar = submitBars.get(task);
  if (!bar) {
    return toast(`“${file.name}” contains its settings, but no installed model can use them.`, {
      bad: true, act: slotFor("image") && { label: "Use the picture", run: () => slotFor("image")?.bring(file) },
    });
  }
  if (!await bar.fill({ values })) return;
  if (found.unknown.length) note(bar, found, file);
  toast(`Settings from “${file.name}” added to the form.`);
}

/**
 * A dismissible note above the fields lists what is left out.
 * @param {SubmitBar} bar
 * @param {ReadSettings} found
 * @param {File} file
 */
function note(bar, found, file) {
  const fields = query(bar.form, ".fields") ?? bar.form;
  query(fields, ".taken")?.remove();
  const box = document.createElement("aside");
  box.className = "taken part";
  box.setAttribute("role", "status");
  render(box, html`<button type="button" class="quiet" aria-label="Dismiss">${icon("x")}</button>
    <b>From “${file.name}”, made in ${names[found.kind] ?? found.kind}</b><ul>${found.unknown.map((one) => html`<li>${one}</li>`)}</ul>`);
  find(box, "button", HTMLButtonElement).onclick = () => box.remove();
  fields.prepend(box);
}

/** Let a person choose a picture to read its settings. */
function choose() {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/png,image/jpeg,image/webp", hidden: true });
  document.body.append(input);
  input.oncancel = () => input.remove();
  input.onchange = async () => {
    const [file] = input.files ?? [];
    input.remove();
    try { await take(await ask(file), file); } catch (error) { failed(error); }
  };
  input.click();
}

/**
 * Read a picture dropped on a form. A picture without settings becomes the form's input, if it takes one.
 * @param {File} file
 */
async function dropped(file) {
  let found;
  try { found = await ask(file); } catch (error) {
    const slot = slotFor("image");
    return slot ? slot.bring(file) : failed(error);
  }
  take(found, file).catch(failed);
}

/** Listen for pictures dropped on a tab outside its slots. */
export function listenForDrops() {
  on("importSettings", choose);
  document.addEventListener("drop", (event) => {
    const [file, more] = transferOf(event).files;
    if (!file || more || !readable.test(file.type) || !targetOf(event).closest?.(".bench") || targetOf(event).closest(".slot, .slots")) return;
    event.preventDefault();
    event.stopPropagation();
    for (const slot of slots) slot.root.classList.remove("over");
    dropped(file);
  }, true);
}
