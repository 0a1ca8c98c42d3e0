// Designing somebody: four drafts from words, keep one, change it, a sheet of three views. Each step is ordinary jobs.

import * as api from "./api.js";
import { on } from "./bus.js";
import { Pictures } from "./cast-pictures.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { ended, jobs, kick, note } from "./follow.js";
import { project } from "./film.js";
import { keep, recall } from "./keep.js";
import { showModal } from "./layers.js";
import { capital } from "./words.js";

const KEPT = "design"; // a reload goes on where it was
const KINDS = [["character", "Character"], ["product", "Product"], ["place", "Place"], ["style", "Style"]];
const START = { kind: "character", look: "", references: [], rounds: [], kept: "", left: [] };

export class Design {
  /** ``done`` is called with what goes into the cast: {kind, look, pictures}. */
  constructor(dialog, done) {
    Object.assign(this, { dialog, done, older: new Map(), ways: {} });
    this.state = { ...START };
    recall(KEPT).then((kept) => Object.assign(this.state, kept), () => {});
    doing(dialog, {
      shut: () => dialog.close(),
      drafts: () => this.ask("drafts"),
      change: () => this.ask("change"),
      sheet: () => this.ask("sheet"),
      keep: (target) => this.know({ kept: target.dataset.asset }),
      choose: (target) => this.choose(target.dataset.asset),
      save: () => this.save(),
      again: () => { this.know({ ...START }); this.form(); },
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.ask(event.target.dataset.step); });
    dialog.addEventListener("input", (event) => this.typed(event.target));
    on("jobs", () => dialog.open && this.draw());
  }

  async open() {
    this.form();
    showModal(this.dialog);
    this.dialog.querySelector("[name=look]").focus();
    try {
      const [plain, seeing, change, sheet] = await api.get("cast/design");
      this.ways = { plain, seeing, change, sheet };
    } catch (error) { this.say(error.message); }
    this.draw();
  }

  // -- what is known

  know(values) {
    Object.assign(this.state, values);
    keep(KEPT, this.state).catch(() => {});
    this.draw();
  }

  typed(field) {
    if (field.name === "look") this.know({ look: field.value });
    if (field.name === "design-kind") this.know({ kind: field.value });
  }

  /** A view of the sheet goes into the cast unless it is left out. */
  choose(id) {
    const { left } = this.state;
    this.know({ left: left.includes(id) ? left.filter((one) => one !== id) : [...left, id] });
  }

  views() {
    const sheets = this.state.rounds.filter((round) => round.step === "sheet");
    return sheets.flatMap((round) => round.ids.flatMap((id) => this.job(id)?.assets ?? [])).filter((id) => !this.state.left.includes(id));
  }

  /** A job of a round, from the queue or as it was when it ended. */
  job(id) {
    if (jobs.has(id)) this.older.set(id, jobs.get(id));
    else if (!this.older.has(id)) {
      this.older.set(id, null);
      api.get(`jobs/${id}`).then((job) => { this.older.set(id, job); this.draw(); }, () => {});
    }
    return this.older.get(id);
  }

  // -- what is shown

  form() {
    const { kind, look, references } = this.state;
    fill(this.dialog, html`<header><h2 id="cast-design-title">Design</h2>
        <button type="button" class="quiet" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      <form data-step="drafts"><fieldset class="choice"><legend class="visually-hidden">What it is</legend>${KINDS.map(([value, text]) => html`<label><input type="radio" name="design-kind" value="${value}" ${value === kind ? "checked" : ""}><span>${text}</span></label>`)}</fieldset>
      <label>How it looks<textarea name="look" rows="3" maxlength="1500" required placeholder="a woman of 30 with short red hair and a green coat">${look}</textarea></label>
      <div class="cast-refs"></div><p class="bare cast-way" data-way="drafts"></p>
      <button type="submit" class="step first">${icon("make")}Make four drafts</button></form>
      <div class="cast-rounds"></div><p class="cast-wrong" role="alert"></p>
      <form data-step="change" hidden><label>What should be different?<input name="change" maxlength="1500" required autocomplete="off" placeholder="shorter hair"></label>
        <p class="bare cast-way" data-way="change"></p><button type="submit" class="step">${icon("again")}Change the kept one</button></form>
      <div class="cast-last" hidden><p class="bare cast-way" data-way="sheet"></p><div class="cast-deeds">
        <button type="button" class="step cast-sheet" data-do="sheet">${icon("compare")}Make a sheet of three views</button>
        <button type="button" class="step first" data-do="save">${icon("check")}Save to the cast</button>
        <button type="button" class="step" data-do="again">${icon("x")}Begin anew</button></div></div>`);
    this.references = new Pictures(this.dialog.querySelector(".cast-refs"), {
      words: "Pictures to go by, if there are some.",
      changed: () => this.know({ references: this.references.list.map(({ id, title, has_thumb }) => ({ id, title, has_thumb })) }),
    });
    this.references.set(references);
    this.draw();
  }

  draw() {
    const rounds = this.dialog.querySelector(".cast-rounds");
    if (!rounds) return;
    refill(rounds, html`${this.state.rounds.map((round) => this.round(round))}`);
    const { kept, kind } = this.state;
    this.dialog.querySelector("[data-step=change]").hidden = !kept;
    this.dialog.querySelector(".cast-last").hidden = !kept;
    for (const place of this.dialog.querySelectorAll(".cast-sheet, [data-way=sheet]")) place.hidden = kind === "style";
    const { plain, seeing, change, sheet } = this.ways;
    const told = { drafts: this.state.references.length ? seeing : plain, change, sheet };
    for (const [name, way] of Object.entries(told)) this.dialog.querySelector(`[data-way=${name}]`).textContent = way?.words ?? "";
    this.dialog.querySelector("[data-step=drafts] [type=submit]").disabled = plain?.how === null;
  }

  round({ step, title, ids, words }) {
    const found = ids.map((id) => this.job(id));
    const sheet = step === "sheet", { kept, left } = this.state;
    const tile = (id, number) => {
      const on = sheet ? !left.includes(id) : kept === id;
      return html`<button type="button" class="cast-draft" data-do="${sheet ? "choose" : "keep"}" data-asset="${id}" aria-pressed="${String(on)}"
        aria-label="${title}, ${number + 1}${on ? (sheet ? ", goes into the cast" : ", kept") : ""}"><img src="${api.fileOf(id)}" alt="">${on && html`<i>${icon("check")}</i>`}</button>`;
    };
    const made = found.flatMap((job) => job?.assets ?? []);
    const going = found.filter((job) => job && !ended(job)), broken = found.find((job) => job?.state === "failed");
    return html`<section class="cast-round"><h3>${title}</h3><div class="cast-drafts">${made.map(tile)}</div>
      ${going.length > 0 && html`<p class="bare" role="status">${capital(going[0].words)}${going.length > 1 && `, ${going.length - 1} more behind it`}</p>`}
      ${broken && html`<p class="cast-wrong">${broken.error?.what ?? "It did not work."} ${broken.error?.next ?? ""}</p>`}
      ${made.length > 0 && (sheet || !kept) && html`<p class="bare">${sheet ? "What is ticked goes into the cast." : "Press the one to keep."}</p>`}
      <small class="bare">${words}</small></section>`;
  }

  say(text) { this.dialog.querySelector(".cast-wrong").textContent = text; }

  // -- what is done

  async ask(step) {
    const { kind, look, references, kept, rounds } = this.state;
    const change = this.dialog.querySelector("[name=change]").value.trim();
    const body = { step, kind, look, project_id: project.id };
    if (step === "drafts") body.references = references.map((one) => one.id);
    else body.picture = kept;
    if (step === "change") body.change = change;
    const title = { drafts: "Four drafts", change: capital(change), sheet: "Three views" }[step];
    this.say("");
    try {
      const { jobs: asked, way } = await api.post("cast/design", body);
      asked.forEach(note);
      kick();
      const round = { step, title, ids: asked.map((job) => job.id), words: way.words };
      this.know({ rounds: [...rounds, round] });
      if (step === "change") this.dialog.querySelector("[name=change]").value = "";
      this.dialog.querySelector(".cast-round:last-child")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    } catch (error) { this.say(error.message); }
  }

  async save() {
    const { kind, look, kept } = this.state;
    try {
      const pictures = await Promise.all([...new Set([kept, ...this.views()])].slice(0, 10).map((id) => api.asset(id)));
      this.dialog.close();
      this.done({ kind, look, pictures });
    } catch (error) { this.say(error.message); }
  }
}
