// One member of the cast: name, looks, pictures, LoRAs, voice; to read, to change, to add.

import * as api from "./api.js";
import { say } from "./bus.js";
import { Pictures } from "./cast-pictures.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { showModal } from "./layers.js";
import { called } from "./loras-facts.js";
import { failed, toast } from "./toast.js";

const KINDS = [["character", "Character"], ["product", "Product"], ["place", "Place"], ["style", "Style"]];
const NOBODY = { name: "", kind: "character", look: "", pictures: [], loras: [], voice: null, notes: "", mine: true, alone: [], missing: 0 };

const picture = (one) => ({ id: one.asset, title: one.title, has_thumb: one.has_thumb });

async function restore(member) {
  try {
    await api.post(`cast/${member.id}/restore`);
    toast(`@${member.name} is back.`);
    say("cast");
  } catch (error) { failed(error); }
}

export class Detail {
  constructor(dialog, voices) {
    Object.assign(this, { dialog, voices });
    doing(dialog, {
      shut: () => dialog.close(),
      try: () => { dialog.close(); say("fill", { task: "create_image", values: { prompt: `@${this.member.name} ` } }); },
      remove: () => this.remove(),
      share: () => this.share(),
      unlora: (target) => this.lora(this.loras.filter((one) => one.asset !== target.dataset.asset)),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
    dialog.addEventListener("change", (event) => event.target.name === "lora" && this.add(event.target.value));
  }

  /** Show a member, or an empty form, perhaps with something in it: {kind, look, pictures: [{id, title, has_thumb}]}. */
  async open(member, given = {}) {
    this.member = member ?? { ...NOBODY, project_id: project.id, ...given, pictures: [] };
    this.loras = this.member.loras.map((one) => ({ ...one }));
    this.draw();
    this.pictures.set(given.pictures ?? this.member.pictures.map(picture));
    showModal(this.dialog);
    if (member) this.dialog.focus();
    else this.dialog.querySelector("[name=name]").focus();
    if (!this.member.mine) return;
    const page = await api.assets({ kind: "lora", limit: 200 }).catch(() => null);
    this.known = page?.assets ?? [];
    this.lora(this.loras);
  }

  draw() {
    const { member } = this, mine = member.mine, told = member.project_id ?? "";
    const projects = project.all ?? [];
    fill(this.dialog, html`<form><header><h2 id="cast-detail-title">${member.id ? `@${member.name}` : "New in the cast"}</h2>
      <button type="button" class="quiet" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      ${!mine && html`<p class="bare">${member.owner} looks after ${member.name}: you can name it in every prompt, and only ${member.owner} changes it.</p>`}
      ${!mine && member.missing > 0 && html`<p class="bare">${member.missing} more of its files are ${member.owner}'s alone.</p>`}
      <fieldset class="cast-columns" ${mine ? "" : "disabled"}><legend class="visually-hidden">What it is</legend>
      <div class="cast-left"></div><div class="cast-right">
      <label>Name<span class="cast-at"><i aria-hidden="true">@</i><input name="name" maxlength="41" required autocomplete="off" spellcheck="false" value="${member.name}" placeholder="Mara"></span></label>
      <fieldset class="choice"><legend class="visually-hidden">What it is</legend>${KINDS.map(([value, text]) => html`<label><input type="radio" name="kind" value="${value}" ${value === member.kind ? "checked" : ""}><span>${text}</span></label>`)}</fieldset>
      <label>How it looks<textarea name="look" rows="3" maxlength="1500" placeholder="a woman of 30 with short red hair and a green coat">${member.look}</textarea>
        <small>As you would tell somebody who is to draw it. Models that know nothing else go by these words.</small></label>
      <div class="cast-loras"></div>
      <label>Voice<select name="voice"><option value="">None</option>${this.voices.map(([value, label]) => html`<option value="${value}" ${value === member.voice ? "selected" : ""}>${label}</option>`)}</select>
        <small>Only kept with it so far: no prompt uses it.</small></label>
      <label>Project<select name="project"><option value="">My own work</option>${projects.map((one) => html`<option value="${one.id}" ${one.id === told ? "selected" : ""}>${one.name}</option>`)}</select></label>
      ${mine && member.alone.length > 0 && html`<p class="bare">${member.alone.length} of its files are only yours: for the others of the project they are not there.
        <button type="button" class="cast-link" data-do="share">Share them too</button></p>`}
      <label>Notes<textarea name="notes" rows="2" maxlength="5000" placeholder="Where it comes from, what it may be used for">${member.notes}</textarea></label>
      </div></fieldset>
      <p class="cast-wrong" role="alert"></p>
      <footer>${mine && html`<button type="submit" class="step first">${icon("check")}${member.id ? "Save" : "Add to the cast"}</button>`}
        ${member.id && html`<button type="button" class="step" data-do="try">${icon("reuse")}Use in a prompt</button>`}
        ${member.id && mine && html`<button type="button" class="step" data-do="remove">${icon("trash")}Delete</button>`}</footer></form>`);
    this.pictures = new Pictures(this.dialog.querySelector(".cast-left"), {
      words: "Up to ten pictures, the best one first: models that can look go by them.",
    });
    this.wrong = this.dialog.querySelector(".cast-wrong");
    this.lora(this.loras);
  }

  // -- its LoRAs

  lora(list) {
    this.loras = list;
    const { mine } = this.member, taken = new Set(list.map((one) => one.family));
    const free = (this.known ?? []).filter((one) => one.family && !taken.has(one.family));
    fill(this.dialog.querySelector(".cast-loras"), html`<h3>LoRAs</h3>${list.map((one) => html`<div class="cast-lora" data-asset="${one.asset}"><span><b>${one.title}</b><small>for ${called(one.family)}</small></span>
        <label>Weight<input type="number" name="weight" step="0.05" min="-2" max="2" value="${one.weight}"></label>
        <label>Answers to<input name="trigger" maxlength="200" value="${one.trigger}"></label>
        ${mine && html`<button type="button" class="quiet" data-do="unlora" data-asset="${one.asset}" aria-label="Take ${one.title} out">${icon("x")}</button>`}</div>`)}
      ${mine && free.length > 0 && html`<label>Add one, for another family of models<select name="lora"><option value="">Choose …</option>${free.map((one) => html`<option value="${one.id}">${one.title} (${called(one.family)})</option>`)}</select></label>`}
      ${!list.length && !free.length && html`<p class="bare">One for each family of models, trained on it. Those in your library can be chosen here.</p>`}`);
  }

  add(id) {
    const one = this.known.find((asset) => asset.id === id);
    if (one) this.lora([...this.read(), { asset: one.id, title: one.title, family: one.family, weight: 1, trigger: one.lora?.triggers?.[0] ?? "" }]);
  }

  /** The LoRAs as they stand in the form. */
  read() {
    return this.loras.map((one) => {
      const row = this.dialog.querySelector(`.cast-lora[data-asset="${one.asset}"]`);
      return { ...one, weight: Number(row.querySelector("[name=weight]").value), trigger: row.querySelector("[name=trigger]").value };
    });
  }

  // -- keeping it

  async save() {
    const { elements } = this.dialog.querySelector("form"), { id } = this.member;
    const values = {
      name: elements.name.value, kind: elements.kind.value, look: elements.look.value, notes: elements.notes.value,
      voice: elements.voice.value || null, project_id: elements.project.value || null, pictures: this.pictures.ids,
      loras: this.read().map(({ asset, family, weight, trigger }) => ({ asset, family, weight, trigger })),
    };
    try {
      const saved = await (id ? api.patch(`cast/${id}`, values) : api.post("cast", values));
      this.dialog.close();
      toast(id ? `@${saved.name} is saved.` : `@${saved.name} is in the cast: write @${saved.name} in any prompt.`);
      say("cast");
    } catch (error) { this.wrong.textContent = error.message; }
  }

  async remove() {
    const { member } = this;
    try {
      await api.remove(`cast/${member.id}`);
      this.dialog.close();
      toast(`@${member.name} is deleted.`, { act: { label: "Undo", run: () => restore(member) } });
      say("cast");
    } catch (error) { this.wrong.textContent = error.message; }
  }

  async share() {
    try {
      await api.post("assets/many", { ids: this.member.alone, do: "move", project_id: this.member.project_id });
      this.member = await api.get(`cast/${this.member.id}`);
      toast("Its files are in the project now.");
      const list = this.pictures.list;
      this.draw();
      this.pictures.set(list);
      say("cast");
    } catch (error) { this.wrong.textContent = error.message; }
  }
}
