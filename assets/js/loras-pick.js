// Choosing a LoRA of the library, or bringing one in: one dialog for the whole page.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { extraFolders } from "./extra-folders.js";
import { face, project } from "./film.js";
import { kick, note } from "./follow.js";
import { showModal } from "./layers.js";
import { bytes } from "./words.js";

const PAUSE = 200; // ms without a key before the words are looked for

const sources = [["file", "A file"], ["hub", "Hugging Face"], ["folder", "A folder"]];

const forms = {
  file: () => html`<label>A .safetensors file of this device <input type="file" name="file" accept=".safetensors" required></label>
    <button type="submit" class="step first">Bring it in</button>`,
  hub: () => html`<label>Its name at the hub, as in <code>owner/name</code> <input name="repo" required maxlength="200" autocomplete="off" spellcheck="false"></label>
    <button type="submit" class="step first">Look</button>`,
  folder: () => html`<label>Folder on the studio's machine, for its owner <input name="folder" required maxlength="4000" autocomplete="off" spellcheck="false" placeholder="/home/ann/ComfyUI/models/loras"></label>
    <button type="submit" class="step first">Look</button>`,
};

let dialog, choice;

/** Let a person choose one that fits ``editor.model`` ({families, else}) and is not ``taken``; ``done`` gets the asset. */
export function pick(editor, taken, done) {
  dialog ??= build();
  choice = { editor, taken: new Set(taken), done, loras: [], q: "", from: "file" };
  fill(dialog, html`<div class="part"><header><h2 id="loras-pick-title">Add a LoRA</h2>
      <button type="button" class="quiet" data-do="close" aria-label="Close">${icon("x")}</button></header>
    <label class="loras-find"><span class="visually-hidden">Search</span><input type="search" name="q" maxlength="200" autocomplete="off" placeholder="Search"></label>
    <ul class="loras-found" aria-live="polite"></ul>
    <details><summary>Bring one in</summary><fieldset class="choice"><legend class="visually-hidden">From where</legend>${sources.map(([from, name]) =>
      html`<label><input type="radio" name="loras-from" value="${from}" ${from === "file" ? "checked" : ""}><span>${name}</span></label>`)}</fieldset>
      <form></form><div class="loras-answer" aria-live="polite"></div></details></div>`);
  source();
  showModal(dialog);
  list();
}

/** The model of an editor is another now: what fits it stands first. */
export function suit(editor) {
  if (dialog?.open && choice.editor === editor) draw();
}

function build() {
  const made = Object.assign(document.createElement("dialog"), { className: "loras-pick" });
  made.setAttribute("aria-labelledby", "loras-pick-title");
  document.body.append(made);
  doing(made, {
    close: () => made.close(),
    take: (button) => take(button.dataset.asset),
    get: (button) => busy("Asking for it …", () => download(button.dataset.repo, button.dataset.file)),
    import: (button) => busy("Reading …", async () => brought(await api.post("loras/import", { path: button.dataset.path, project_id: project.id }))),
  });
  made.addEventListener("click", (event) => event.target === made && made.close());
  made.addEventListener("change", (event) => { if (event.target.name === "loras-from") { choice.from = event.target.value; source(); } });
  made.addEventListener("input", ({ target }) => {
    if (target.name !== "q") return;
    clearTimeout(choice.typing);
    choice.typing = setTimeout(() => { choice.q = target.value.trim(); list(); }, PAUSE);
  });
  made.addEventListener("submit", (event) => { event.preventDefault(); bring[choice.from](event.target.elements); });
  on("finished", (job) => made.open && job.task === "fetch_lora" && list());
  return made;
}

// -- what there is

/** Whether a LoRA is for one of a model's ``families``; before they are known every one is. */
export const fits = ({ families }, lora) => !families || families.includes(lora.family);

async function list() {
  const asked = choice;
  try {
    const { loras } = await api.get(`loras?${api.query({ q: choice.q })}`);
    if (asked !== choice) return;
    choice.loras = loras.filter((one) => !choice.taken.has(one.id));
    draw();
  } catch (error) { answer(html`<p class="wrong" role="alert">${error.message}</p>`); }
}

function draw() {
  const { model } = choice.editor, can = (lora) => !lora.obstacle && fits(model, lora);
  const loras = choice.loras.toSorted((a, b) => can(b) - can(a));
  refill(dialog.querySelector(".loras-found"), loras.length ? html`${loras.map(line)}`
    : html`<li class="bare">${choice.q ? "Nothing was found." : "There are no LoRAs here yet: bring one in below."}</li>`);
}

function line(lora) {
  const { model } = choice.editor;
  const why = lora.obstacle || (fits(model, lora) ? "" : model.else);
  return html`<li class="${why ? "off" : ""}"><button type="button" data-do="take" data-asset="${lora.id}" ${why ? html`disabled` : ""}>
    <span class="face">${face({ ...lora, kind: "lora" })}</span><span class="loras-name"><b>${lora.title}</b>
    <small>${[lora.family_name || "Unknown family", lora.rank && `rank ${lora.rank}`, ...lora.triggers].filter(Boolean).join(" · ")}</small>${why && html`<small class="loras-misfit">${why}</small>`}</span></button></li>`;
}

async function take(id) {
  try {
    choice.done(await api.asset(id));
    dialog.close();
  } catch (error) { answer(html`<p class="wrong" role="alert">${error.message}</p>`); }
}

// -- bringing one in

const answer = (markup) => fill(dialog.querySelector(".loras-answer"), markup);

function source() {
  fill(dialog.querySelector("form"), forms[choice.from]());
  answer("");
}

/** Do something, and say under the form what went wrong. */
async function busy(words, what) {
  answer(html`<p class="bare">${words}</p>`);
  try { await what(); } catch (error) { answer(html`<p class="wrong" role="alert">${error.message}</p>`); }
}

function brought(asset) {
  say("changed", { asset, back: true });
  answer(html`<p class="bare">“${asset.title}” is in the library. ${asset.lora?.obstacle || asset.lora?.note || ""}</p>`);
  list();
}

async function download(repo, file) {
  note(await api.post("loras/get", { repo, file, project_id: project.id }));
  kick();
  answer(html`<p class="bare">It is on its way: the queue shows how far it is.</p>`);
}

const item = (name, detail, act) => html`<li><span class="loras-name"><b>${name}</b><small>${detail}</small></span>${act}</li>`;

const bring = {
  file({ file }) {
    const [chosen] = file.files;
    busy("Sending …", async () => brought(await api.upload(chosen, project.id, (part) => answer(html`<p class="bare">Sending … ${Math.round(100 * part)} %</p>`)).done));
  },
  hub({ repo }) {
    busy("Looking …", async () => {
      const found = await api.get(`loras/look?${api.query({ repo: repo.value.trim() })}`);
      answer(found.files.length ? html`<ul class="loras-files">${found.files.map((one) => item(one.path, bytes(one.size),
        html`<button type="button" class="step" data-do="get" data-repo="${found.repo}" data-file="${one.path}">Get it</button>`))}</ul>`
        : html`<p class="wrong" role="alert">It has no LoRA in a safe format.</p>`);
    });
  },
  folder({ folder }) {
    busy("Looking through it …", async () => {
      const found = await api.post("loras/scan", { folder: folder.value.trim() });
      answer(html`${extraFolders(found.extra)}${found.items.length ? html`<ul class="loras-files">${found.items.map((one) => item(one.name, [one.family_name, bytes(one.bytes), one.obstacle].filter(Boolean).join(" · "),
        html`<button type="button" class="step" data-do="import" data-path="${one.path}" ${one.obstacle ? html`disabled` : ""}>Take it</button>`))}</ul>`
        : html`<p class="bare">There are no LoRAs in it.</p>`}`);
    });
  },
};
