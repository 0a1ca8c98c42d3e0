// What can be done with a result, wherever it is shown: the next steps, and the ordinary things.

import * as api from "./api.js";
import { say } from "./bus.js";
import { html, icon } from "./dom.js";
import { project } from "./film.js";
import { kick, note } from "./follow.js";
import { failed, toast } from "./toast.js";

/** The next step for each kind of result: which task takes it on, and what it is called. */
const steps = {
  image: [["upscale_image", "Bigger", "up"], ["animate_image", "Animate", "clip"]],
  clip: [["upscale_clip", "Bigger", "up"], ["interpolate_clip", "Smoother", "clip"]],
  sound: [],
  subtitles: [],
};

/** Whether some tab has a form for a task, looked at already or not. */
const offered = (task) => window.C41.offered.includes(task);

const button = (act, name, glyph, { first = false, task = "" } = {}) =>
  html`<button type="button" class="${first ? "step first" : "step"}" data-do="${act}" data-task="${task}">${icon(glyph)}${name}</button>`;

const star = (asset) => html`<button type="button" class="step star" data-do="keep" aria-pressed="${String(Boolean(asset.favourite))}"
  title="${asset.favourite ? "No longer a favourite" : "Keep among my favourites"}">${icon("star")}Favourite</button>`;

const download = (asset) => html`<a class="step" href="${api.fileOf(asset.id)}?download=1" download>${icon("down")}Download</a>`;

/** Which form sets right what is wrong in a picture: by words, else by painting. */
const fixing = (asset) => (asset.kind === "image" ? ["edit_image", "fill_image"].find((task) => offered(task)) : null);

/** Whether the same can be made once more from another seed. */
const varies = (asset) => ["image", "clip"].includes(asset.kind) && asset.origin === "made" && "seed" in (asset.provenance?.request ?? {}) && offered(asset.provenance.request.task);

/** The buttons under a result: what can be done with what is installed. */
export const buttons = (asset) => {
  const made = asset.origin === "made" && asset.provenance;
  const next = (steps[asset.kind] ?? []).filter(([task]) => offered(task));
  const fix = fixing(asset);
  return html`<div class="steps" role="group" aria-label="What next">
    ${varies(asset) && button("vary", "Vary", "make", { first: true })}
    ${next.map(([task, name, glyph]) => button("use", name, glyph, { first: true, task }))}
    ${fix && button("use", "Fix", "pen", { first: true, task: fix })}
    ${asset.kind === "clip" && offered("animate_image") && button("onward", "Go on from here", "right", { first: true })}
    ${(next.length > 0 || fix) && button("use", "Use as input", "reuse", { first: !varies(asset) })}
    ${asset.kind === "image" && asset.parents?.length > 0 && button("compare", "Compare", "compare")}
    ${made && button("reuse", "Reuse settings", "again", { first: asset.kind === "sound" })}
    ${star(asset)}${download(asset)}
    ${made && button("reproduce", "Reproduce", "same")}
    ${asset.mine && button("remove", "Delete", "trash")}
  </div>`;
};

/** Everything that can be done with an asset; ``tasks`` names the forms and says what they take. */
export const actions = (asset, tasks) => {
  const fetched = asset.kind === "lora"; // never made by a form, and nothing to hide from clients
  const made = asset.origin === "made" && asset.provenance && !fetched;
  const takers = Object.entries(tasks).filter(([, { takes }]) => takes.includes(asset.kind));
  return html`<div class="steps" role="group" aria-label="What next">
    ${star(asset)}
    ${made && button("reuse", "Reuse settings", "again", { first: true })}
    ${made && button("reproduce", "Reproduce", "same")}
    ${download(asset)}
    ${!fetched && html`<a class="step" href="${api.fileOf(asset.id)}?download=1&clean=1" download title="For clients: without prompts and settings, named after the project">${icon("down")}Download clean</a>`}
    ${asset.mine && button("remove", "Delete", "trash")}
  </div>${takers.length > 0 && html`<div class="steps" role="group" aria-label="Use as input of"><span class="as">Use as input of</span>
    ${takers.map(([task, { button: name }]) => button("use", name, "reuse", { task }))}</div>`}`;
};

/** Keep an asset among my favourites, or no longer. */
async function keep(asset) {
  try {
    say("changed", { asset: await api.patch(`assets/${asset.id}`, { favourite: !asset.favourite }) });
  } catch (error) { failed(error); }
}

export async function restore(asset) {
  try {
    await api.post(`assets/${asset.id}/restore`);
    say("changed", { asset, back: true });
    toast("It is back.");
  } catch (error) { failed(error); }
}

export async function remove(asset) {
  try {
    await api.remove(`assets/${asset.id}`);
    say("changed", { asset, gone: true });
    toast("Deleted.", { act: { label: "Undo", run: () => restore(asset) } });
  } catch (error) { failed(error); }
}

async function reproduce(asset) {
  try {
    const job = await api.post(`assets/${asset.id}/reproduce`);
    note(job);
    say("show", { job });
    kick();
  } catch (error) { failed(error); }
}

/** The same once more, from a new seed. */
async function vary(asset) {
  const { version, ...request } = asset.provenance.request;
  try {
    const job = await api.post("jobs", { request: { ...request, seed: null }, project_id: project.id ?? undefined });
    note(job);
    say("show", { job });
    kick();
  } catch (error) { failed(error); }
}

/** The last frame of a clip begins the next one. */
async function onward(asset) {
  try {
    say("use", { asset: await api.post(`assets/${asset.id}/last-frame`), task: "animate_image" });
  } catch (error) { failed(error); }
}

/** The handlers of those buttons, for an element that shows ``current()``. */
export const handlers = (current, done = () => {}) => ({
  use: (target) => { say("use", { asset: current(), task: target.dataset.task }); done(); },
  reuse: () => { say("reuse", { asset: current() }); done(); },
  reproduce: () => { reproduce(current()); done(); },
  remove: () => { remove(current()); done(); },
  keep: () => keep(current()),
  vary: () => vary(current()),
  onward: () => { onward(current()); done(); },
});

export async function cancel(id) {
  try { note(await api.post(`jobs/${id}/cancel`)); } catch (error) { failed(error); }
  kick();
}

/** Pause a job, or let a paused one go on. */
export async function rest(id, what) {
  try { note(await api.post(`jobs/${id}/${what}`)); } catch (error) { failed(error); }
  kick();
}

export async function retry(id) {
  try {
    const job = await api.post(`jobs/${id}/retry`);
    note(job);
    say("show", { job });
  } catch (error) { failed(error); }
  kick();
}

/** Bring a finished thing to the stage of its medium. */
export async function reveal(id) {
  try {
    const asset = await api.asset(id);
    say("show", { asset: asset.provenance?.check ? await api.asset(asset.parents[0]) : asset }); // a check is shown at its sound
  } catch (error) { failed(error); }
}
