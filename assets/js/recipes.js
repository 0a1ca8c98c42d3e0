// Recipes: what there is to run, what is run. A run in hand takes the place of the list (recipes-run.js).

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { RecipeRun } from "./recipes-run.js";
import { failed, toast } from "./toast.js";
import { when } from "./words.js";

const marks = { going: "waiting", looking: "look", asking: "look", failed: "bad", stopped: "", done: "ok" };

/** What a recipe lacks before it can begin: the words of its first step, where it makes a picture of words. */
const wordless = (recipe) => recipe.steps[0].request.task === "create_image" && !recipe.steps[0].request.prompt;
/** The files a recipe is to be given, by the names its steps call them. */
const inputs = (recipe) => [...new Set(recipe.steps.flatMap(({ request }) => Object.values(request).flat()
  .filter((value) => typeof value === "string" && value.startsWith("input:")).map((value) => value.slice(6))))];

export class Recipes {
  constructor({ element }) {
    this.root = element.querySelector(".recipes");
    this.view = this.root.querySelector(".recipes-view");
    this.shown = null; // the picture on the stage
    this.run = new RecipeRun(this.view, { back: () => this.list(), stage: () => this.shown });
    doing(this.root, {
      choose: (button) => this.choose(button.dataset.recipe),
      back: () => this.list(),
      begin: () => this.begin(),
      open: (button) => this.open(button.dataset.run),
      told: () => this.told(),
      forget: (button) => this.forget(button.dataset.recipe),
      ...this.run.handlers,
    });
    on("shown", (asset) => {
      this.shown = asset.kind === "image" ? asset : null;
      if (this.run.run) this.run.draw(); else this.offer();
    });
    on("tab", (name) => name === "image" && this.seen());
    new MutationObserver(() => this.seen()).observe(element.closest(".task"), { attributeFilter: ["hidden"] });
    this.seen();
  }

  /** Nothing is asked of the studio before somebody looks. */
  seen() {
    if (this.root.offsetParent === null) return this.run.rest();
    if (!this.known) { this.known = true; this.list(); } else this.run.wake();
  }

  async list() {
    this.run.close();
    this.recipe = null;
    try {
      const [recipes, runs] = await Promise.all([api.get("recipes"), api.get("recipe-runs")]);
      this.recipes = recipes;
      fill(this.view, html`<ul class="recipe-list">${recipes.map((one) => this.card(one))}</ul>
        <button type="button" class="step" data-do="told" hidden>${icon("book")}Keep how the picture on the stage was made</button>
        ${runs.length > 0 && html`<h3>Lately</h3><ul class="recipe-runs">${runs.slice(0, 12).map((run) => html`<li>
          <button type="button" data-do="open" data-run="${run.id}"><i class="${marks[run.state]}" aria-hidden="true"></i>
          <b>${run.name}</b><small>${run.words}</small><small>${when(run.updated_at)}</small></button></li>`)}</ul>`}`);
      this.offer();
    } catch (error) { failed(error); }
  }

  card(recipe) {
    return html`<li><button type="button" class="recipe" data-do="choose" data-recipe="${recipe.id}"><b>${recipe.name}</b>
      <span>${recipe.use}</span><ol aria-label="Steps">${recipe.steps.map((step) => html`<li>${step.name}</li>`)}</ol></button>
      ${recipe.mine && html`<button type="button" class="quiet" data-do="forget" data-recipe="${recipe.id}"
        aria-label="Delete the recipe ${recipe.name}" title="Delete">${icon("trash")}</button>`}</li>`;
  }

  /** What the stage shows can be kept as a recipe, or begin one. */
  offer() {
    const button = this.view.querySelector("[data-do=told]");
    if (button) button.hidden = !(this.shown?.origin === "made" && this.shown.provenance);
    const given = this.view.querySelector(".recipe-given");
    if (given) fill(given, this.given());
  }

  given() {
    return this.shown
      ? html`<img src="${api.thumbOf(this.shown.id)}" alt=""><span>Begins with “${this.shown.title}”, the picture on the stage.</span>`
      : html`<span>Choose a picture in the filmstrip, or make one: it begins with what is on the stage.</span>`;
  }

  choose(id) {
    const recipe = this.recipe = this.recipes.find((one) => one.id === id);
    const words = wordless(recipe), files = inputs(recipe);
    fill(this.view, html`<form class="recipe-begin"><button type="button" class="recipe-back" data-do="back">${icon("left")}All recipes</button>
      <h3>${recipe.name}</h3><p class="help">${recipe.use}</p>
      ${words && html`<fieldset class="choice"><legend class="visually-hidden">How to begin</legend>
        <label><input type="radio" name="begin" value="words" checked><span>From words</span></label>
        <label><input type="radio" name="begin" value="picture"><span>From a picture</span></label></fieldset>
        <label class="recipe-words"><span class="label">What should it show?</span>
        <textarea name="prompt" rows="4" maxlength="8000"></textarea></label>`}
      <p class="recipe-given" ${words && html`hidden`}>${this.given()}</p>
      ${!words && !files.length && html`<input type="hidden" name="bare">`}
      <button type="button" class="go" data-do="begin">Begin</button></form>`);
    const form = this.view.querySelector("form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      const picture = form.begin?.value === "picture";
      form.querySelector(".recipe-words")?.toggleAttribute("hidden", picture);
      form.querySelector(".recipe-given").toggleAttribute("hidden", words && !picture);
    });
    (form.prompt ?? form.querySelector(".go")).focus();
  }

  async begin() {
    const form = this.view.querySelector("form"), { recipe, shown } = this;
    const asked = { recipe_id: recipe.id, project_id: project.id };
    if (wordless(recipe) && form.begin.value === "words") {
      if (!form.prompt.value.trim()) return this.wrong("Say what it should show first.");
      asked.fields = { 1: { prompt: form.prompt.value } };
    } else if (wordless(recipe)) {
      if (!shown) return this.wrong("Choose a picture in the filmstrip first.");
      asked.results = { 1: shown.id };
    } else if (shown) {
      asked.inputs = Object.fromEntries(inputs(recipe).slice(0, 1).map((name) => [name, shown.id]));
    }
    this.wrong("");
    try { this.run.show(await api.post("recipe-runs", asked)); } catch (error) { this.wrong(error.message); }
  }

  async open(id) {
    this.wrong("");
    try { this.run.show(await api.get(`recipe-runs/${id}`)); } catch (error) { failed(error); }
  }

  async told() {
    try {
      const kept = await api.post("recipes", { name: this.shown.title.slice(0, 80), asset_id: this.shown.id });
      toast(`“${kept.name}” is kept as a recipe.`);
      await this.list();
    } catch (error) { failed(error); }
  }

  async forget(id) {
    try { await api.remove(`recipes/${id}`); await this.list(); } catch (error) { failed(error); }
  }

  wrong(text) { this.root.querySelector(".wrong").textContent = text; }
}
