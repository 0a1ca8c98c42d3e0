// Recipes: the list of recipes and runs. An open run replaces the list (run.js).

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { closest, dataOf, find, findField, html, onAction, query, queryField, render } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";
import { setAddress } from "../shell/router.js";
import { RecipeRun } from "./run.js";

/**
 * @import { AssetView, RecipeView } from "../types/api.js"
 * @import { Part, Values } from "../types/page.js"
 */

const ADDRESS = /^#image\/recipes\?(recipe|run)=([\w-]+)$/;

const marks = { going: "waiting", looking: "look", asking: "look", failed: "bad", stopped: "", done: "ok" };

/**
 * Whether a recipe needs a prompt before it can begin: its first step creates a picture and has none.
 * @param {RecipeView} recipe
 */
const wordless = (recipe) => recipe.steps[0].request.task === "create_image" && !recipe.steps[0].request.prompt;

/**
 * The input files of a recipe, by the names its steps use for them.
 * @param {RecipeView} recipe
 */
const inputs = (recipe) => [...new Set(recipe.steps.flatMap(({ request }) => Object.values(request).flat()
  .filter((value) => typeof value === "string" && value.startsWith("input:")).map((value) => value.slice(6))))];

export class RecipesPage {
  /** @type {RecipeView[]} */
  recipes;
  /** @type {RecipeView | null} */
  recipe;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".recipes");
    this.view = find(this.root, ".recipes-view");
    /** @type {AssetView | null} */
    this.shown = null; // the picture on the stage
    this.run = new RecipeRun(this.view, { back: () => this.list(), stage: () => this.shown });
    onAction(this.root, {
      choose: (button) => this.choose(dataOf(button).recipe),
      back: () => this.list(),
      begin: () => this.begin(),
      open: (button) => this.open(dataOf(button).run),
      save: () => this.saveAsRecipe(),
      forget: (button) => this.forget(dataOf(button).recipe),
      ...this.run.handlers,
    });
    on("shown", (asset) => {
      this.shown = asset.kind === "image" ? asset : null;
      if (this.run.run) this.run.draw(); else this.offer();
    });
    on("tab", (name) => name === "image" && this.isVisible());
    new MutationObserver(() => this.isVisible()).observe(closest(element, ".task"), { attributeFilter: ["hidden"] });
    this.isVisible();
  }

  /** Load only once the page is visible. */
  isVisible() {
    if (this.root.offsetParent === null) return this.run.rest();
    if (ADDRESS.test(location.hash)) this.arrive();
    else if (!this.known) { this.known = true; this.list(); } else this.run.wake();
  }

  /** Open the recipe or the run that the address names. */
  async arrive() {
    const [, what, id] = /** @type {string[]} */ (ADDRESS.exec(location.hash));
    this.known = true;
    setAddress("image/recipes", "replace");
    if (what === "run") return void this.open(id);
    await this.list();
    this.choose(id);
  }

  async list() {
    this.run.close();
    this.recipe = null;
    try {
      const [recipes, runs] = await Promise.all([api.get("recipes"), api.get("recipe-runs")]);
      this.recipes = recipes;
      render(this.view, html`<ul class="recipe-list">${recipes.map((one) => this.card(one))}</ul>
        <button type="button" class="step" data-do="save" hidden>${icon("book")}Save the steps of the picture on the stage</button>
        ${runs.length > 0 && html`<h3>Recent runs</h3><ul class="recipe-runs">${runs.slice(0, 12).map((run) => html`<li>
          <button type="button" data-do="open" data-run="${run.id}"><i class="${marks[run.state]}" aria-hidden="true"></i>
          <b>${run.name}</b><small>${run.words}</small><small>${formatDate(run.updated_at)}</small></button></li>`)}</ul>`}`);
      this.offer();
    } catch (error) { failed(error); }
  }

  /** @param {RecipeView} recipe */
  card(recipe) {
    return html`<li><button type="button" class="recipe" data-do="choose" data-recipe="${recipe.id}"><b>${recipe.name}</b>
      <span>${recipe.use}</span><ol aria-label="Steps">${recipe.steps.map((step) => html`<li>${step.name}</li>`)}</ol></button>
      ${recipe.mine && html`<button type="button" class="quiet" data-do="forget" data-recipe="${recipe.id}"
        aria-label="Delete the recipe ${recipe.name}" title="Delete">${icon("trash")}</button>`}</li>`;
  }

  /** The result on the stage can be saved as a recipe, or start one. */
  offer() {
    const button = query(this.view, "[data-do=save]", HTMLButtonElement);
    if (button) button.hidden = !(this.shown?.origin === "made" && this.shown.provenance);
    const inputValues = query(this.view, ".recipe-given");
    if (inputValues) render(inputValues, this.given());
  }

  given() {
    return this.shown
      ? html`<img src="${api.thumbOf(this.shown.id)}" alt=""><span>Starts from “${this.shown.title}”, the picture on the stage.</span>`
      : html`<span>Choose a picture in the filmstrip, or make one. The recipe starts from the picture on the stage.</span>`;
  }

  /** @param {string} id */
  choose(id) {
    const recipe = this.recipes.find((one) => one.id === id);
    if (!recipe) return;
    this.recipe = recipe;
    const words = wordless(recipe), files = inputs(recipe);
    render(this.view, html`<form class="recipe-begin"><button type="button" class="recipe-back" data-do="back">${icon("left")}All recipes</button>
      <h3>${recipe.name}</h3><p class="help">${recipe.use}</p>
      ${words && html`<fieldset class="choice"><legend class="visually-hidden">Start from</legend>
        <label><input type="radio" name="begin" value="words" checked><span>From a prompt</span></label>
        <label><input type="radio" name="begin" value="picture"><span>From a picture</span></label></fieldset>
        <label class="recipe-words"><span class="label">Describe the picture</span>
        <textarea name="prompt" rows="4" maxlength="8000"></textarea></label>`}
      <p class="recipe-given" ${words && html`hidden`}>${this.given()}</p>
      ${!words && !files.length && html`<input type="hidden" name="bare">`}
      <button type="button" class="go" data-do="begin">Begin</button></form>`);
    const form = find(this.view, "form", HTMLFormElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      const picture = query(form, "[name=begin]:checked", HTMLInputElement)?.value === "picture";
      query(form, ".recipe-words")?.toggleAttribute("hidden", picture);
      find(form, ".recipe-given").toggleAttribute("hidden", words && !picture);
    });
    (queryField(form, "[name=prompt]") ?? find(form, ".go")).focus();
  }

  async begin() {
    const { recipe, shown } = this;
    if (!recipe) return;
    /** @type {Values} */
    const asked = { recipe_id: recipe.id, project_id: project.id };
    if (wordless(recipe) && findField(this.view, "[name=begin]:checked").value === "words") {
      const prompt = findField(this.view, "[name=prompt]").value;
      if (!prompt.trim()) return this.wrong("Describe the picture first.");
      asked.fields = { 1: { prompt } };
    } else if (wordless(recipe)) {
      if (!shown) return this.wrong("Choose a picture in the filmstrip first.");
      asked.results = { 1: shown.id };
    } else if (shown) {
      asked.inputs = Object.fromEntries(inputs(recipe).slice(0, 1).map((name) => [name, shown.id]));
    }
    this.wrong("");
    try { this.run.show(await api.post("recipe-runs", asked)); } catch (error) { this.wrong(api.messageOf(error)); }
  }

  /** @param {string} id */
  async open(id) {
    this.wrong("");
    try { this.run.show(await api.get(`recipe-runs/${id}`)); } catch (error) { failed(error); }
  }

  async saveAsRecipe() {
    if (!this.shown) return;
    try {
      const kept = await api.post("recipes", { name: this.shown.title.slice(0, 80), asset_id: this.shown.id });
      toast(`“${kept.name}” saved as a recipe.`);
      await this.list();
    } catch (error) { failed(error); }
  }

  /** @param {string} id */
  async forget(id) {
    try { await api.remove(`recipes/${id}`); await this.list(); } catch (error) { failed(error); }
  }

  /** @param {string} text */
  wrong(text) { find(this.root, ".wrong").textContent = text; }
}
