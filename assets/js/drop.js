// A picture that tells how it was made fills the form: dropped beside a slot, or chosen. What could not be taken over is named.

import * as api from "./api.js";
import { open } from "./doors.js";
import { feet } from "./foot.js";
import { slotFor, slots } from "./slot.js";
import { medium } from "./stage.js";
import { failed, toast } from "./toast.js";

const readable = /^image\/(png|jpeg|webp)$/;
const names = { c41: "C41 Studio", a1111: "Automatic1111", comfyui: "ComfyUI" };

/** Ask the studio how a picture was made: {kind, request, unknown}. */
async function ask(file) {
  const form = new FormData();
  form.append("file", file);
  return api.post("read", form);
}

/** Fill the form of what was read. Resolves to whether there is such a form here. */
async function fillIn(found, file) {
  const { task, ...values } = found.request;
  await open(medium(task), task);
  const foot = feet.get(task);
  if (!foot) {
    toast(`“${file.name}” tells how it was made, but no model on this machine does that yet. Models shows what you can get.`, { bad: true });
    return false;
  }
  foot.trigger("fill", { values });
  const left = found.unknown.length ? ` Not taken over: ${found.unknown.join(", ")}.` : "";
  toast(`The settings of “${file.name}” (${names[found.kind] ?? found.kind}) are in the form.${left}`, {
    act: slotFor("image") && { label: "Use the picture instead", run: () => slotFor("image")?.bring(file) },
  });
  return true;
}

/** Read a picture that somebody chose for its story. */
export async function readAny(file) {
  try {
    const found = await ask(file);
    if (found.request?.task) await fillIn(found, file);
    else toast(`“${file.name}” does not say how it was made.`, { bad: true });
  } catch (error) { failed(error); }
}

/** Read a picture dropped on a form; one without a story is taken as the form's input, where it has one. */
async function dropped(file) {
  const found = await ask(file).catch(() => null);
  if (found?.request?.task) return void fillIn(found, file).catch(failed);
  const slot = slotFor("image");
  if (slot) slot.bring(file);
  else toast(`“${file.name}” does not say how it was made.`, { bad: true });
}

/** Listen for pictures dropped on a making tab, beside its slots. */
export function dropping() {
  document.addEventListener("drop", (event) => {
    const [file, more] = event.dataTransfer.files;
    if (!file || more || !readable.test(file.type) || !event.target.closest?.(".bench") || event.target.closest(".slot")) return;
    event.preventDefault();
    event.stopPropagation();
    for (const slot of slots) slot.root.classList.remove("over");
    dropped(file);
  }, true);
}
