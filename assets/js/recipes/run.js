// A run of a recipe: its steps as numbered pictures, what it waits for, and the actions of each step.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { dataOf, fieldOf, find, html, query, renderChanged, targetOf } from "../core/dom.js";
import { carriesAsset, droppedAsset } from "../core/drag.js";
import { icon } from "../core/icons.js";
import { pollNow } from "../core/job-poller.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";
import { MaskEditor } from "../image/mask.js";
import { openViewer } from "../viewer/viewer.js";

/** @import { AssetView, RunView, StepView } from "../types/api.js" */

const LOOK = 900; // ms between polls of a running recipe
const said = { open: "", working: "Running", done: "", failed: "Failed", stale: "Out of date" };

export class RecipeRun {
  /** @type {ReturnType<typeof setTimeout>} */
  timer;
  /** @type {{ value: string } | undefined} */
  mask;

  /**
   * @param {HTMLElement} view
   * @param {{ back: () => void, stage: () => AssetView | null }} options
   */
  constructor(view, { back, stage }) {
    this.view = view;
    this.back = back;
    this.stage = stage;
    /** @type {RunView | null} */
    this.run = null;
    this.chosen = 0;
    this.handlers = {
      /** @param {HTMLElement} button */
      step: (button) => this.choose(Number(dataOf(button).step)),
      view: () => this.enlarge(),
      go: () => this.go(),
      halt: () => this.ask(api.post(`recipe-runs/${this.current.id}/stop`)),
      finish: () => this.ask(api.post(`recipe-runs/${this.current.id}/finish`)),
      again: () => this.again(),
      staged: () => this.replace(this.stage()?.id),
      /** @param {HTMLElement} button */
      other: (button) => this.replace(dataOf(button).asset),
      keep: () => this.keep(),
    };
    view.addEventListener("change", (event) => targetOf(event).matches(".recipe-file") && this.bring(fieldOf(event).files?.[0]));
    view.addEventListener("dragover", (event) => this.over(event) && event.preventDefault());
    view.addEventListener("drop", (event) => this.drop(event));
  }

  /** @param {RunView} run */
  show(run) {
    this.run = run;
    this.chosen = 0;
    this.update(run);
  }

  /** The open run. Only valid while there is one. */
  get current() { return /** @type {RunView} */ (this.run); }

  close() { this.rest(); this.run = null; }
  rest() { clearTimeout(this.timer); }
  wake() { if (this.run?.state === "going") this.look(); }

  async look() {
    if (!this.run) return;
    const { id } = this.run;
    try {
      const run = await api.get(`recipe-runs/${id}`);
      if (this.run?.id === id) this.update(run);
    } catch (error) {
      if (api.statusOf(error) === 404) this.back();
      else this.later();
    }
  }

  later() {
    this.rest();
    this.timer = setTimeout(() => this.look(), LOOK);
  }

  /**
   * Show the current state of a run, and put what needs review on the stage.
   * @param {RunView} run
   */
  update(run) {
    const before = this.run;
    this.run = run;
    const waits = run.state !== "going", at = run.steps[run.at - 1];
    if (waits && (before?.state === "going" || !this.chosen)) {
      this.chosen = run.at;
      const shown = run.result ?? at.asset_id;
      if (shown && ["looking", "done"].includes(run.state)) this.stageIt(shown);
    }
    if (!waits) this.chosen = run.at;
    this.draw();
    if (!waits) this.later();
  }

  /** @param {string} id */
  async stageIt(id) {
    try { emit("show", { asset: await api.asset(id) }); } catch { /* deleted: the step says so when it is taken */ }
  }

  /** @param {number} number */
  choose(number) {
    this.chosen = number;
    const step = this.current.steps[number - 1];
    if (step.asset_id) this.stageIt(step.asset_id);
    this.draw();
  }

  draw() {
    const { current: run } = this, step = run.steps[this.chosen - 1];
    const words = query(this.view, "textarea", HTMLTextAreaElement)?.value;
    renderChanged(this.view, html`<div class="recipe-run" data-state="${run.state}">
      <button type="button" class="recipe-back" data-do="back">${icon("left")}All recipes</button><h3>${run.name}</h3>
      <ol class="recipe-steps">${run.steps.map((one) => this.thumb(one))}</ol>
      <p class="recipe-said" aria-live="polite">${run.words}</p>
      <div class="recipe-do">${this.main()}</div>
      ${step && run.state !== "going" && this.details(step)}
      <div class="steps"><button type="button" class="step" data-do="keep">${icon("book")}Save as a recipe</button></div></div>`);
    const box = query(this.view, "textarea", HTMLTextAreaElement);
    if (box && words && !box.value) box.value = words;
    this.masking(step);
  }

  /** @param {StepView} step */
  thumb(step) {
    const { number, state, asset_id: made } = step, name = step.name || `Step ${number}`;
    return html`<li class="${state}" aria-current="${this.chosen === number ? "step" : "false"}"><button type="button" data-do="step" data-step="${number}"
      aria-label="Step ${number}: ${name}. ${said[state]}"><span class="face">${made
        ? html`<img src="${api.thumbOf(made)}" alt="" draggable="false">` : html`<i class="${state === "working" ? "busy" : ""}"></i>`}<b>${number}</b></span>
      <span class="recipe-name">${name}</span>${said[state] && html`<small>${said[state]}</small>`}</button></li>`;
  }

  main() {
    const { current: run } = this, next = run.steps.find((step) => step.state !== "done");
    /** @param {string} name */
    const go = (name) => html`<button type="button" class="go" data-do="go">${name}</button>`;
    const end = run.steps.some((step) => step.state === "done") && html`<button type="button" class="step" data-do="finish">${icon("check")}Finish here</button>`;
    if (run.state === "going") return html`<button type="button" class="step" data-do="halt">${icon("stop")}Stop</button>`;
    if (run.state === "done") return html``;
    const words = next?.asks.includes("prompt") && html`<label><span class="label">Describe the change</span>
      <textarea rows="3" maxlength="8000"></textarea></label>`;
    const mask = next?.asks.includes("mask") && html`<div class="recipe-mask"></div>`;
    return html`${words}${mask}${go(run.state === "failed" ? "Try again" : `Next: ${next?.name || "next step"}`)}${end}`;
  }

  /**
   * The actions of the chosen step.
   * @param {StepView} step
   */
  details(step) {
    const others = step.assets.filter((id) => id !== step.asset_id), shown = this.stage();
    const prompt = typeof step.request.prompt === "string" && !/^step:/.test(step.request.prompt) && step.state !== "open";
    return html`<section class="recipe-step"><h4>Step ${step.number}: ${step.name}</h4>
      ${step.note && html`<p class="help">${step.note}</p>`}
      ${step.problem && html`<p class="wrong">${step.problem.what} ${step.problem.next}</p>`}
      ${prompt && html`<label><span class="label">Prompt</span><textarea name="words" rows="3" maxlength="8000">${step.request.prompt}</textarea></label>`}
      <div class="steps">${step.asset_id && html`<button type="button" class="step" data-do="view">${icon("expand")}View</button>`}
      ${step.state !== "open" && html`<button type="button" class="step" data-do="again">${icon("again")}Generate again</button>`}
      ${shown && shown.id !== step.asset_id && html`<button type="button" class="step" data-do="staged">${icon("image")}Use the picture on the stage</button>`}
      <label class="step recipe-bring">${icon("plus")}Use your own picture<input type="file" class="recipe-file" accept="image/*" aria-label="Use your own picture for step ${step.number}"></label></div>
      ${others.length > 0 && html`<p class="help">Other results:</p><div class="recipe-others">${others.map((id) => html`<button type="button" data-do="other"
        data-asset="${id}" aria-label="Use this picture"><img src="${api.thumbOf(id)}" alt=""></button>`)}</div>`}</section>`;
  }

  /**
   * Paint a mask here as in *Fill*, with the page's own painting dialog.
   * @param {StepView | undefined} step
   */
  masking(step) {
    const place = query(this.view, ".recipe-mask"), known = query(document, ".part-mask .mask");
    if (!place || place.firstChild) return;
    const next = this.current.steps.find((one) => one.state !== "done");
    const source = /^step:(\d+)$/.exec(next?.request.image ?? "")?.[1];
    const picture = this.current.steps[Number(source) - 1]?.asset_id ?? step?.asset_id;
    if (!known || !picture) return void (place.textContent = "Upload a mask as a picture. White areas change.");
    const form = document.createElement("form");
    form.append(known.cloneNode(true));
    find(form, ".mask").dataset.over = "recipe";
    place.append(form);
    this.mask = { value: "" };
    new MaskEditor({ element: form, props: this.mask, watch: () => {}, trigger: () => {} }).picture(picture);
  }

  // -- actions

  /** Open the result of the chosen step in the viewer, with those of the other steps next to it. */
  enlarge() {
    const ids = this.current.steps.flatMap((step) => step.asset_id ?? []), id = this.current.steps[this.chosen - 1]?.asset_id;
    if (id) openViewer({ ids, id });
  }

  /**
   * Send an action for the run, and show the result.
   * @param {Promise<RunView>} answer
   */
  async ask(answer) {
    try {
      this.update(await answer);
      pollNow();
    } catch (error) { failed(error); }
  }

  go() {
    const prompt = query(this.view, ".recipe-do textarea", HTMLTextAreaElement)?.value.trim();
    const mask = query(this.view, ".recipe-mask") && this.mask?.value;
    this.ask(api.post(`recipe-runs/${this.current.id}/go-on`, { fields: { ...(prompt && { prompt }), ...(mask && { mask }) } }));
  }

  again() {
    const words = query(this.view, ".recipe-step textarea", HTMLTextAreaElement)?.value.trim();
    this.ask(api.post(`recipe-runs/${this.current.id}/steps/${this.chosen}/again`, { fields: words ? { prompt: words } : {} }));
  }

  /** @param {string | undefined} asset */
  replace(asset, number = this.chosen) {
    if (asset) this.ask(api.put(`recipe-runs/${this.current.id}/steps/${number}/result`, { asset_id: asset }));
  }

  /** @param {File | undefined} file */
  async bring(file) {
    if (!file) return;
    const number = this.chosen;
    try { this.replace((await api.upload(file, project.id, () => {}).done).id, number); } catch (error) { failed(error); }
  }

  /** @param {DragEvent} event */
  over(event) { return carriesAsset(event) ? /** @type {HTMLElement | null} */ (targetOf(event).closest("[data-step]")) : null; }

  /**
   * A frame of the filmstrip dropped on a step replaces its result.
   * @param {DragEvent} event
   */
  drop(event) {
    const at = this.over(event);
    if (!at) return;
    event.preventDefault();
    event.stopPropagation();
    this.replace(droppedAsset(event)?.id, Number(dataOf(at).step));
  }

  async keep() {
    try {
      const kept = await api.post("recipes", { name: this.current.name, run_id: this.current.id });
      toast(`“${kept.name}” saved as a recipe.`);
    } catch (error) { failed(error); }
  }
}
