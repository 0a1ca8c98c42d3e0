// A picture that tells how it was made fills the form: dropped beside a slot, or chosen. What could not be taken over is named.

import * as api from "./api.js";
import { on } from "./bus.js";
import { open } from "./doors.js";
import { fill, html, icon } from "./dom.js";
import { feet } from "./foot.js";
import { slotFor, slots } from "./slot.js";
import { medium } from "./stage.js";
import { failed, toast } from "./toast.js";

const readable = /^image\/(png|jpeg|webp|avif)$/;
const names = { c41: "C41 Studio", a1111: "A1111", comfyui: "ComfyUI", invokeai: "InvokeAI", fooocus: "Fooocus", swarmui: "SwarmUI", novelai: "NovelAI" };

/** Ask the studio how a picture was made: {kind, request, unknown}. */
function ask(file) {
  const form = new FormData();
  form.append("file", file);
  return api.post("read", form);
}

/** Fill the form of what was read, and name what could not be taken over. */
async function take(found, file) {
  const { task, ...values } = found.request;
  const tab = medium(task);
  if (tab) await open(tab, task);
  const foot = feet.get(task);
  if (!foot) {
    return toast(`“${file.name}” tells how it was made, but no model that is installed here does that.`, {
      bad: true, act: slotFor("image") && { label: "Use the picture", run: () => slotFor("image")?.bring(file) },
    });
  }
  if (!await foot.fill({ values })) return;
  if (found.unknown.length) note(foot, found, file);
  toast(`How “${file.name}” was made is in the form.`);
}

/** What is left out stands over the fields until somebody has read it. */
function note(foot, found, file) {
  const fields = foot.form.querySelector(".fields") ?? foot.form;
  fields.querySelector(".taken")?.remove();
  const box = document.createElement("aside");
  box.className = "taken part";
  box.setAttribute("role", "status");
  fill(box, html`<button type="button" class="quiet" aria-label="Put this note away">${icon("x")}</button>
    <b>From “${file.name}”, made in ${names[found.kind] ?? found.kind}</b><ul>${found.unknown.map((one) => html`<li>${one}</li>`)}</ul>`);
  box.querySelector("button").onclick = () => box.remove();
  fields.prepend(box);
}

/** Let somebody choose a picture for its story. */
function choose() {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/png,image/jpeg,image/webp", hidden: true });
  document.body.append(input);
  input.oncancel = () => input.remove();
  input.onchange = async () => {
    const [file] = input.files;
    input.remove();
    try { await take(await ask(file), file); } catch (error) { failed(error); }
  };
  input.click();
}

/** Read a picture dropped on a form; one without a story becomes the form's input, where it takes one. */
async function dropped(file) {
  let found;
  try { found = await ask(file); } catch (error) {
    const slot = slotFor("image");
    return slot ? slot.bring(file) : failed(error);
  }
  take(found, file).catch(failed);
}

/** Listen for pictures dropped on a making tab, beside its slots. */
export function dropping() {
  on("read", choose);
  document.addEventListener("drop", (event) => {
    const [file, more] = event.dataTransfer.files;
    if (!file || more || !readable.test(file.type) || !event.target.closest?.(".bench") || event.target.closest(".slot, .slots")) return;
    event.preventDefault();
    event.stopPropagation();
    for (const slot of slots) slot.root.classList.remove("over");
    dropped(file);
  }, true);
}
