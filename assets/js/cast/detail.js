// One member of the cast: name, description, pictures, LoRAs, voice; to view, edit or add.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { dataOf, fieldOf, fieldsOf, find, findField, html, onAction, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";
import { familyName } from "../loras/facts.js";
import { PictureList } from "./pictures.js";

/**
 * @import { AssetView, CastLoraView, CastPictureView, CastView } from "../types/api.js"
 * @import { Picture } from "./pictures.js"
 */

/** @typedef {{ kind: CastView["kind"], look: string, pictures: Picture[] }} Given the initial values of a new member */

const KINDS = [["character", "Character"], ["product", "Product"], ["place", "Place"], ["style", "Style"]];

/** @type {CastView} */
const NOBODY = { id: "", owner: "", created_at: 0, updated_at: 0, deleted_at: null, project_id: null, name: "", kind: "character", look: "", pictures: [], loras: [], voice: null, notes: "", mine: true, alone: [], missing: 0 };

/** @param {CastPictureView} one */
const picture = (one) => ({ id: one.asset, title: one.title, has_thumb: one.has_thumb });

/** @param {CastView} member */
async function restore(member) {
  try {
    await api.post(`cast/${member.id}/restore`);
    toast(`@${member.name} restored.`);
    emit("cast");
  } catch (error) { failed(error); }
}

export class CastMemberDialog {
  /** @type {CastView} */
  member;
  /** @type {CastLoraView[]} */
  loras;
  /** @type {AssetView[]} */
  known;
  /** @type {PictureList} */
  pictures;
  /** @type {HTMLElement} */
  wrong;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {[value: string, label: string][]} voices
   */
  constructor(dialog, voices) {
    this.dialog = dialog;
    this.voices = voices;
    onAction(dialog, {
      shut: () => dialog.close(),
      try: () => { dialog.close(); emit("fill", { task: "create_image", values: { prompt: `@${this.member.name} ` } }); },
      remove: () => this.remove(),
      share: () => this.share(),
      unlora: (target) => this.lora(this.loras.filter((one) => one.asset !== dataOf(target).asset)),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
    dialog.addEventListener("change", (event) => fieldOf(event).name === "lora" && this.add(fieldOf(event).value));
  }

  /**
   * Show a member, or a form for a new one with initial values: {kind, look, pictures: [{id, title, has_thumb}]}.
   * @param {CastView | null} member
   * @param {Partial<Given>} [given]
   */
  async open(member, given = {}) {
    this.member = member ?? { ...NOBODY, project_id: project.id, kind: given.kind ?? NOBODY.kind, look: given.look ?? NOBODY.look };
    this.loras = this.member.loras.map((one) => ({ ...one }));
    this.draw();
    this.pictures.set(given.pictures ?? this.member.pictures.map(picture));
    showModal(this.dialog);
    if (member) this.dialog.focus();
    else findField(this.dialog, "[name=name]").focus();
    if (!this.member.mine) return;
    const page = await api.assets({ kind: "lora", limit: 200 }).catch(() => null);
    this.known = page?.assets ?? [];
    this.lora(this.loras);
  }

  draw() {
    const { member } = this, mine = member.mine, projectId = member.project_id ?? "";
    const projects = project.all.filter((one) => !one.archived || one.id === projectId);
    render(this.dialog, html`<form><header><h2 id="cast-detail-title">${member.id ? `@${member.name}` : "New cast member"}</h2>
      <button type="button" class="quiet" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      ${!mine && html`<p class="bare">${member.owner} manages ${member.name}. You can use it in any prompt, but only ${member.owner} can change it.</p>`}
      ${!mine && member.missing > 0 && html`<p class="bare">${member.missing === 1 ? "One more of its files is" : `${member.missing} more of its files are`} visible only to ${member.owner}.</p>`}
      <fieldset class="cast-columns" ${mine ? "" : "disabled"}><legend class="visually-hidden">Type</legend>
      <div class="cast-left"></div><div class="cast-right">
      <label>Name<span class="cast-at"><i aria-hidden="true">@</i><input name="name" maxlength="41" required autocomplete="off" spellcheck="false" value="${member.name}" placeholder="Mara"></span></label>
      <fieldset class="choice"><legend class="visually-hidden">Type</legend>${KINDS.map(([value, text]) => html`<label><input type="radio" name="kind" value="${value}" ${value === member.kind ? "checked" : ""}><span>${text}</span></label>`)}</fieldset>
      <label>Description<textarea name="look" rows="3" maxlength="1500" placeholder="a woman of 30 with short red hair and a green coat">${member.look}</textarea>
        <small>Describe it as you would to someone drawing it. Models that use neither its LoRA nor its pictures use this text.</small></label>
      <div class="cast-loras"></div>
      <label>Voice<select name="voice"><option value="">None</option>${this.voices.map(([value, label]) => html`<option value="${value}" ${value === member.voice ? "selected" : ""}>${label}</option>`)}</select>
        <small>Stored for reference. Prompts do not use it yet.</small></label>
      <label>Project<select name="project"><option value="">My own work</option>${projects.map((one) => html`<option value="${one.id}" ${one.id === projectId ? "selected" : ""}>${one.name}</option>`)}</select></label>
      ${mine && member.alone.length > 0 && html`<p class="bare">${member.alone.length === 1 ? "One of its files is" : `${member.alone.length} of its files are`} visible only to you, so the others in the project cannot use ${member.alone.length === 1 ? "it" : "them"}.
        <button type="button" class="cast-link" data-do="share">Share with the project</button></p>`}
      <label>Notes<textarea name="notes" rows="2" maxlength="5000" placeholder="Where it comes from, what it may be used for">${member.notes}</textarea></label>
      </div></fieldset>
      <p class="cast-wrong" role="alert"></p>
      <footer>${mine && html`<button type="submit" class="step first">${icon("check")}${member.id ? "Save" : "Add to the cast"}</button>`}
        ${member.id && html`<button type="button" class="step" data-do="try">${icon("reuse")}Use in a prompt</button>`}
        ${member.id && mine && html`<button type="button" class="step" data-do="remove">${icon("trash")}Delete</button>`}</footer></form>`);
    this.pictures = new PictureList(find(this.dialog, ".cast-left"), {
      words: "Up to ten pictures, best one first. Models that accept reference pictures use them.",
    });
    this.wrong = find(this.dialog, ".cast-wrong");
    this.lora(this.loras);
  }

  // -- LoRAs

  /** @param {CastLoraView[]} list */
  lora(list) {
    this.loras = list;
    const { mine } = this.member, taken = new Set(list.map((one) => one.family));
    const free = (this.known ?? []).filter((one) => one.family && !taken.has(one.family));
    render(find(this.dialog, ".cast-loras"), html`<h3>LoRAs</h3>${list.map((one) => html`<div class="cast-lora" data-asset="${one.asset}"><span><b>${one.title}</b><small>for ${familyName(one.family)}</small></span>
        <label>Strength<input type="number" name="weight" step="0.05" min="-2" max="2" value="${one.weight}"></label>
        <label>Trigger words<input name="trigger" maxlength="200" value="${one.trigger}"></label>
        ${mine && html`<button type="button" class="quiet" data-do="unlora" data-asset="${one.asset}" aria-label="Remove ${one.title}">${icon("x")}</button>`}</div>`)}
      ${mine && free.length > 0 && html`<label>Add a LoRA for another model family<select name="lora"><option value="">Choose …</option>${free.map((one) => html`<option value="${one.id}">${one.title} (${familyName(one.family)})</option>`)}</select></label>`}
      ${!list.length && !free.length && html`<p class="bare">You can add one LoRA per model family once it is in your library.</p>`}`);
  }

  /** @param {string} id */
  add(id) {
    const one = this.known.find((asset) => asset.id === id);
    if (one) this.lora([...this.read(), { asset: one.id, title: one.title, family: one.family ?? "", weight: 1, trigger: one.lora?.triggers?.[0] ?? "" }]);
  }

  /** The LoRAs in the form. */
  read() {
    return this.loras.map((one) => {
      const row = find(this.dialog, `.cast-lora[data-asset="${one.asset}"]`);
      return { ...one, weight: Number(findField(row, "[name=weight]").value), trigger: findField(row, "[name=trigger]").value };
    });
  }

  // -- saving

  async save() {
    const fields = fieldsOf(find(this.dialog, "form", HTMLFormElement)), { id } = this.member;
    const values = {
      name: fields.name.value, kind: fields.kind.value, look: fields.look.value, notes: fields.notes.value,
      voice: fields.voice.value || null, project_id: fields.project.value || null, pictures: this.pictures.ids,
      loras: this.read().map(({ asset, family, weight, trigger }) => ({ asset, family, weight, trigger })),
    };
    try {
      const saved = await (id ? api.patch(`cast/${id}`, values) : api.post("cast", values));
      this.dialog.close();
      toast(id ? `@${saved.name} saved.` : `@${saved.name} added to the cast. Write @${saved.name} in any prompt.`);
      emit("cast");
    } catch (error) { this.wrong.textContent = api.messageOf(error); }
  }

  async remove() {
    const { member } = this;
    try {
      await api.remove(`cast/${member.id}`);
      this.dialog.close();
      toast(`@${member.name} deleted.`, { act: { label: "Undo", run: () => restore(member) } });
      emit("cast");
    } catch (error) { this.wrong.textContent = api.messageOf(error); }
  }

  async share() {
    try {
      await api.post("assets/many", { ids: this.member.alone, do: "move", project_id: this.member.project_id });
      this.member = await api.get(`cast/${this.member.id}`);
      toast("Its files are now shared with the project.");
      const list = this.pictures.list;
      this.draw();
      this.pictures.set(list);
      emit("cast");
    } catch (error) { this.wrong.textContent = api.messageOf(error); }
  }
}
