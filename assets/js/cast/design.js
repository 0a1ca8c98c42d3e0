// Design a member: four drafts from a description, choose one, change it, a sheet of three views. Each step is ordinary jobs.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, fieldOf, find, findAll, findField, html, onAction, query, render, renderChanged, targetOf } from "../core/dom.js";
import { loadDraft, saveDraft } from "../core/drafts.js";
import { capitalize } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isEnded, jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { showModal } from "../core/layers.js";
import { scrollBehavior } from "../core/motion.js";
import { project } from "../core/project.js";
import { PictureList } from "./pictures.js";

/**
 * @import { AssetView, CastView, DesignMethod, JobView } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 * @import { Picture } from "./pictures.js"
 */

/** @typedef {{ step: string, title: string, ids: string[], words: string }} Round one step of the design and its jobs */

/** @typedef {{ kind: CastView["kind"], look: string, references: Picture[], rounds: Round[], kept: string, left: string[] }} State */

/** @typedef {{ kind: CastView["kind"], look: string, pictures: AssetView[] }} Drafted what is added to the cast */

const KEPT = "design"; // the design survives a reload
const KINDS = [["character", "Character"], ["product", "Product"], ["place", "Place"], ["style", "Style"]];

/** @type {State} */
const START = { kind: "character", look: "", references: [], rounds: [], kept: "", left: [] };

export class DesignDialog {
  /** @type {PictureList} */
  references;

  /**
   * ``done`` is called with what is added to the cast: {kind, look, pictures}.
   * @param {HTMLDialogElement} dialog
   * @param {(made: Drafted) => void} done
   */
  constructor(dialog, done) {
    this.dialog = dialog;
    this.done = done;
    /** @type {Map<string, JobView | null>} */
    this.older = new Map();
    /** @type {Partial<Record<"plain" | "seeing" | "change" | "sheet", DesignMethod>>} */
    this.ways = {};
    /** @type {State} */
    this.state = { ...START };
    loadDraft(KEPT).then((kept) => Object.assign(this.state, kept), () => {});
    onAction(dialog, {
      shut: () => dialog.close(),
      drafts: () => this.ask("drafts"),
      change: () => this.ask("change"),
      sheet: () => this.ask("sheet"),
      keep: (target) => this.setState({ kept: dataOf(target).asset }),
      choose: (target) => this.choose(dataOf(target).asset),
      save: () => this.save(),
      again: () => { this.setState({ ...START }); this.form(); },
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.ask(dataOf(targetOf(event)).step); });
    dialog.addEventListener("input", (event) => this.typed(fieldOf(event)));
    on("jobs", () => dialog.open && this.draw());
  }

  async open() {
    this.form();
    showModal(this.dialog);
    findField(this.dialog, "[name=look]").focus();
    try {
      const [plain, seeing, change, sheet] = await api.get("cast/design");
      this.ways = { plain, seeing, change, sheet };
    } catch (error) { this.showError(api.messageOf(error)); }
    this.draw();
  }

  // -- state

  /** @param {Partial<State>} values */
  setState(values) {
    Object.assign(this.state, values);
    saveDraft(KEPT, this.state);
    this.draw();
  }

  /** @param {HTMLInputElement} field */
  typed(field) {
    if (field.name === "look") this.setState({ look: field.value });
    if (field.name === "design-kind") this.setState({ kind: /** @type {CastView["kind"]} */ (field.value) });
  }

  /**
   * Toggle whether a view of the sheet is added to the cast.
   * @param {string} id
   */
  choose(id) {
    const { left } = this.state;
    this.setState({ left: left.includes(id) ? left.filter((one) => one !== id) : [...left, id] });
  }

  views() {
    const sheets = this.state.rounds.filter((round) => round.step === "sheet");
    return sheets.flatMap((round) => round.ids.flatMap((id) => this.job(id)?.assets ?? [])).filter((id) => !this.state.left.includes(id));
  }

  /**
   * A job of a round, from the queue or from the API once it has ended.
   * @param {string} id
   */
  job(id) {
    const known = jobs.get(id);
    if (known) this.older.set(id, known);
    else if (!this.older.has(id)) {
      this.older.set(id, null);
      api.get(`jobs/${id}`).then((job) => { this.older.set(id, job); this.draw(); }, () => {});
    }
    return this.older.get(id);
  }

  // -- display

  form() {
    const { kind, look, references } = this.state;
    render(this.dialog, html`<header><h2 id="cast-design-title">Design</h2>
        <button type="button" class="quiet" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      <form data-step="drafts"><fieldset class="choice"><legend class="visually-hidden">Type</legend>${KINDS.map(([value, text]) => html`<label><input type="radio" name="design-kind" value="${value}" ${value === kind ? "checked" : ""}><span>${text}</span></label>`)}</fieldset>
      <label>Description<textarea name="look" rows="3" maxlength="1500" required placeholder="a woman of 30 with short red hair and a green coat">${look}</textarea></label>
      <div class="cast-refs"></div><p class="bare cast-way" data-way="drafts"></p>
      <button type="submit" class="step first">${icon("make")}Generate four drafts</button></form>
      <div class="cast-rounds"></div><p class="cast-wrong" role="alert"></p>
      <form data-step="change" hidden><label>Describe the change<input name="change" maxlength="1500" required autocomplete="off" placeholder="shorter hair"></label>
        <p class="bare cast-way" data-way="change"></p><button type="submit" class="step">${icon("again")}Change the chosen draft</button></form>
      <div class="cast-last" hidden><p class="bare cast-way" data-way="sheet"></p><div class="cast-actions">
        <button type="button" class="step cast-sheet" data-do="sheet">${icon("compare")}Generate a sheet of three views</button>
        <button type="button" class="step first" data-do="save">${icon("check")}Save to the cast</button>
        <button type="button" class="step" data-do="again">${icon("x")}Start over</button></div></div>`);
    this.references = new PictureList(find(this.dialog, ".cast-refs"), {
      words: "Reference pictures (optional)",
      changed: () => this.setState({ references: this.references.list.map(({ id, title, has_thumb }) => ({ id, title, has_thumb })) }),
    });
    this.references.set(references);
    this.draw();
  }

  draw() {
    const rounds = query(this.dialog, ".cast-rounds");
    if (!rounds) return;
    renderChanged(rounds, html`${this.state.rounds.map((round) => this.round(round))}`);
    const { kept, kind } = this.state;
    find(this.dialog, "[data-step=change]").hidden = !kept;
    find(this.dialog, ".cast-last").hidden = !kept;
    for (const place of findAll(this.dialog, ".cast-sheet, [data-way=sheet]")) place.hidden = kind === "style";
    const { plain, seeing, change, sheet } = this.ways;
    const shown = { drafts: this.state.references.length ? seeing : plain, change, sheet };
    for (const [name, way] of Object.entries(shown)) find(this.dialog, `[data-way=${name}]`).textContent = way?.words ?? "";
    find(this.dialog, "[data-step=drafts] [type=submit]", HTMLButtonElement).disabled = plain?.how === null;
  }

  /** @param {Round} round */
  round({ step, title, ids, words }) {
    const found = ids.map((id) => this.job(id)).filter((job) => job !== null && job !== undefined);
    const sheet = step === "sheet", { kept, left } = this.state;
    /**
     * @param {string} id
     * @param {number} number
     */
    const tile = (id, number) => {
      const pressed = sheet ? !left.includes(id) : kept === id;
      return html`<button type="button" class="cast-draft" data-do="${sheet ? "choose" : "keep"}" data-asset="${id}" aria-pressed="${String(pressed)}"
        aria-label="${title}, ${number + 1}${pressed ? (sheet ? ", added to the cast" : ", chosen") : ""}"><img src="${api.fileOf(id)}" alt="">${pressed && html`<i>${icon("check")}</i>`}</button>`;
    };
    const made = found.flatMap((job) => job.assets);
    const going = found.filter((job) => !isEnded(job)), broken = found.find((job) => job.state === "failed");
    return html`<section class="cast-round"><h3>${title}</h3><div class="cast-drafts">${made.map(tile)}</div>
      ${going.length > 0 && html`<p class="bare" role="status">${capitalize(going[0].words)}${going.length > 1 && `, ${going.length - 1} more in the queue`}</p>`}
      ${broken && html`<p class="cast-wrong">${broken.error?.what ?? "Failed."} ${broken.error?.next ?? ""}</p>`}
      ${made.length > 0 && (sheet || !kept) && html`<p class="bare">${sheet ? "Ticked pictures are added to the cast." : "Click the one to keep."}</p>`}
      <small class="bare">${words}</small></section>`;
  }

  /** @param {string} text */
  showError(text) { find(this.dialog, ".cast-wrong").textContent = text; }

  // -- actions

  /** @param {string} step */
  async ask(step) {
    const { kind, look, references, kept, rounds } = this.state;
    const change = findField(this.dialog, "[name=change]").value.trim();
    /** @type {Values} */
    const body = { step, kind, look, project_id: project.id };
    if (step === "drafts") body.references = references.map((one) => one.id);
    else body.picture = kept;
    if (step === "change") body.change = change;
    const title = { drafts: "Four drafts", change: capitalize(change), sheet: "Three views" }[step] ?? "";
    this.showError("");
    try {
      const { jobs: asked, way } = await api.post("cast/design", body);
      asked.forEach(mergeJob);
      pollNow();
      const round = { step, title, ids: asked.map((job) => job.id), words: way.words };
      this.setState({ rounds: [...rounds, round] });
      if (step === "change") findField(this.dialog, "[name=change]").value = "";
      query(this.dialog, ".cast-round:last-child")?.scrollIntoView({ block: "nearest", behavior: scrollBehavior() });
    } catch (error) { this.showError(api.messageOf(error)); }
  }

  async save() {
    const { kind, look, kept } = this.state;
    try {
      const pictures = await Promise.all([...new Set([kept, ...this.views()])].slice(0, 10).map((id) => api.asset(id)));
      this.dialog.close();
      this.done({ kind, look, pictures });
    } catch (error) { this.showError(api.messageOf(error)); }
  }
}
