// A run of a recipe: its steps as numbered pictures, what it waits for, and what can be done about each step.

import * as api from "./api.js";
import { say } from "./bus.js";
import { html, icon, refill } from "./dom.js";
import { DRAGGED, project } from "./film.js";
import { kick } from "./follow.js";
import { Mask } from "./mask.js";
import { failed, toast } from "./toast.js";

const LOOK = 900; // ms between looks at a run that goes on by itself
const said = { open: "", working: "Under way", done: "", failed: "Did not work", stale: "Out of date" };

export class RecipeRun {
  constructor(view, { back, stage }) {
    Object.assign(this, { view, back, stage, run: null, chosen: 0 });
    this.handlers = {
      step: (button) => this.choose(Number(button.dataset.step)),
      go: () => this.go(),
      halt: () => this.ask("POST", "stop"),
      finish: () => this.ask("POST", "finish"),
      again: () => this.again(),
      staged: () => this.replace(this.stage()?.id),
      other: (button) => this.replace(button.dataset.asset),
      keep: () => this.keep(),
    };
    view.addEventListener("change", (event) => event.target.matches(".recipe-file") && this.bring(event.target.files[0]));
    view.addEventListener("dragover", (event) => this.over(event) && event.preventDefault());
    view.addEventListener("drop", (event) => this.drop(event));
  }

  show(run) {
    this.run = run;
    this.chosen = 0;
    this.view.filled = null;
    this.took(run);
  }

  close() { this.rest(); this.run = null; }
  rest() { clearTimeout(this.timer); }
  wake() { if (this.run?.state === "going") this.look(); }

  async look() {
    const { id } = this.run;
    try {
      const run = await api.get(`recipe-runs/${id}`);
      if (this.run?.id === id) this.took(run);
    } catch (error) {
      if (error.status === 404) this.back();
      else this.later();
    }
  }

  later() {
    this.rest();
    this.timer = setTimeout(() => this.look(), LOOK);
  }

  /** A run as it is now. What a person should look at comes to the stage. */
  took(run) {
    const before = this.run;
    this.run = run;
    const waits = run.state !== "going", at = run.steps[run.at - 1];
    if (waits && (before.state === "going" || !this.chosen)) {
      this.chosen = run.at;
      const shown = run.result ?? at.asset_id;
      if (shown && ["looking", "done"].includes(run.state)) this.stageIt(shown);
    }
    if (!waits) this.chosen = run.at;
    this.draw();
    if (!waits) this.later();
  }

  async stageIt(id) {
    try { say("show", { asset: await api.asset(id) }); } catch { /* deleted: the step says so when it is taken */ }
  }

  choose(number) {
    this.chosen = number;
    const step = this.run.steps[number - 1];
    if (step.asset_id) this.stageIt(step.asset_id);
    this.draw();
  }

  draw() {
    const { run } = this, step = run.steps[this.chosen - 1];
    const words = this.view.querySelector("textarea")?.value;
    refill(this.view, html`<div class="recipe-run" data-state="${run.state}">
      <button type="button" class="recipe-back" data-do="back">${icon("left")}All recipes</button><h3>${run.name}</h3>
      <ol class="recipe-steps">${run.steps.map((one) => this.thumb(one))}</ol>
      <p class="recipe-said" aria-live="polite">${run.words}</p>
      <div class="recipe-do">${this.main()}</div>
      ${step && run.state !== "going" && this.details(step)}
      <div class="steps"><button type="button" class="step" data-do="keep">${icon("book")}Keep as a recipe</button></div></div>`);
    const box = this.view.querySelector("textarea");
    if (box && words && !box.value) box.value = words;
    this.masking(step);
  }

  thumb(step) {
    const { number, state, asset_id: made } = step, name = step.name || `Step ${number}`;
    return html`<li class="${state}" aria-current="${this.chosen === number ? "step" : "false"}"><button type="button" data-do="step" data-step="${number}"
      aria-label="Step ${number}: ${name}. ${said[state]}"><span class="face">${made
        ? html`<img src="${api.thumbOf(made)}" alt="" draggable="false">` : html`<i class="${state === "working" ? "busy" : ""}"></i>`}<b>${number}</b></span>
      <span class="recipe-name">${name}</span>${said[state] && html`<small>${said[state]}</small>`}</button></li>`;
  }

  main() {
    const { run } = this, next = run.steps.find((step) => step.state !== "done");
    const go = (name) => html`<button type="button" class="go" data-do="go">${name}</button>`;
    const end = run.steps.some((step) => step.state === "done") && html`<button type="button" class="step" data-do="finish">${icon("check")}Finish here</button>`;
    if (run.state === "going") return html`<button type="button" class="step" data-do="halt">${icon("stop")}Stop</button>`;
    if (run.state === "done") return html``;
    const words = next?.asks.includes("prompt") && html`<label><span class="label">What should be different?</span>
      <textarea rows="3" maxlength="8000"></textarea></label>`;
    const mask = next?.asks.includes("mask") && html`<div class="recipe-mask"></div>`;
    return html`${words}${mask}${go(run.state === "failed" ? "Try again" : `Go on: ${next?.name || "next step"}`)}${end}`;
  }

  /** What can be done about the step in hand. */
  details(step) {
    const others = step.assets.filter((id) => id !== step.asset_id), shown = this.stage();
    const prompt = typeof step.request.prompt === "string" && !/^step:/.test(step.request.prompt) && step.state !== "open";
    return html`<section class="recipe-step"><h4>Step ${step.number}: ${step.name}</h4>
      ${step.note && html`<p class="help">${step.note}</p>`}
      ${step.problem && html`<p class="wrong">${step.problem.what} ${step.problem.next}</p>`}
      ${prompt && html`<label><span class="label">Its words</span><textarea name="words" rows="3" maxlength="8000">${step.request.prompt}</textarea></label>`}
      <div class="steps">${step.state !== "open" && html`<button type="button" class="step" data-do="again">${icon("again")}Make it again</button>`}
      ${shown && shown.id !== step.asset_id && html`<button type="button" class="step" data-do="staged">${icon("image")}Use the picture on the stage</button>`}
      <label class="step recipe-bring">${icon("plus")}Bring one in<input type="file" class="recipe-file" accept="image/*" aria-label="Bring in a picture for step ${step.number}"></label></div>
      ${others.length > 0 && html`<p class="help">Others it made:</p><div class="recipe-others">${others.map((id) => html`<button type="button" data-do="other"
        data-asset="${id}" aria-label="Use this one"><img src="${api.thumbOf(id)}" alt=""></button>`)}</div>`}</section>`;
  }

  /** A mask is painted here as in the form that fills in: the page's own painting dialog, once more. */
  masking(step) {
    const place = this.view.querySelector(".recipe-mask"), known = document.querySelector(".part-mask .mask");
    if (!place || place.firstChild) return;
    const next = this.run.steps.find((one) => one.state !== "done");
    const source = /^step:(\d+)$/.exec(this.run.steps[next.number - 1].request.image ?? "")?.[1];
    const picture = this.run.steps[source - 1]?.asset_id ?? step?.asset_id;
    if (!known || !picture) return void (place.textContent = "Bring in a mask as a picture: white is new.");
    const form = document.createElement("form");
    form.append(known.cloneNode(true));
    form.querySelector(".mask").dataset.over = "recipe";
    place.append(form);
    this.mask = { value: "" };
    new Mask({ element: form, props: this.mask, watch: () => {} }).picture(picture);
  }

  // -- doing

  async ask(method, path, body) {
    try {
      this.took(await (method === "PUT" ? api.put : api.post)(`recipe-runs/${this.run.id}/${path}`, body));
      kick();
    } catch (error) { failed(error); }
  }

  go() {
    const prompt = this.view.querySelector(".recipe-do textarea")?.value.trim();
    const mask = this.view.querySelector(".recipe-mask") && this.mask?.value;
    this.ask("POST", "go-on", { fields: { ...(prompt && { prompt }), ...(mask && { mask }) } });
  }

  again() {
    const words = this.view.querySelector(".recipe-step textarea")?.value.trim();
    this.ask("POST", `steps/${this.chosen}/again`, { fields: words ? { prompt: words } : {} });
  }

  replace(asset, number = this.chosen) {
    if (asset) this.ask("PUT", `steps/${number}/result`, { asset_id: asset });
  }

  async bring(file) {
    const number = this.chosen;
    try { this.replace((await api.upload(file, project.id, () => {}).done).id, number); } catch (error) { failed(error); }
  }

  over(event) { return event.dataTransfer?.types.includes(DRAGGED) && event.target.closest?.("[data-step]"); }

  /** A frame of the filmstrip dropped on a step takes the place of its result. */
  drop(event) {
    const at = this.over(event);
    if (!at) return;
    event.preventDefault();
    event.stopPropagation();
    this.replace(JSON.parse(event.dataTransfer.getData(DRAGGED)).id, Number(at.dataset.step));
  }

  async keep() {
    try {
      const kept = await api.post("recipes", { name: this.run.name, run_id: this.run.id });
      toast(`“${kept.name}” is kept among your recipes.`);
    } catch (error) { failed(error); }
  }
}
