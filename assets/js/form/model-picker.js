// The choice of a form's model: installed models first, with how well each runs here, the others behind “More models”.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, find, html, onAction, query, render, targetOf } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { failed } from "../core/toast.js";

/**
 * @import { ModelCard } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

export class ModelPicker {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".model-picker");
    this.task = dataOf(this.root).task;
    /** @type {Map<string, string>} */
    this.names = new Map(Object.entries(JSON.parse(dataOf(this.root).names)));
    this.button = find(this.root, ".model-chosen");
    this.list = find(this.root, ".model-list");
    onAction(this.root, {
      open: () => (this.list.hidden ? this.open() : this.close()),
      pick: (button) => { this.props.value = dataOf(button).id; this.close(); this.show(); },
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
    watch("value", () => this.show());
    on("formChanged", ({ task, about }) => task === this.task && about && this.showAuto(about.model ?? ""));
    this.show();
  }

  show() {
    const { value } = this.props;
    find(this.button, "span").textContent = value ? this.names.get(value) ?? value : "Auto";
    find(this.button, "small").hidden = Boolean(value);
  }

  /**
   * Show which model *Auto* stands for.
   * @param {string} name
   */
  showAuto(name) { find(this.button, "small").textContent = name; }

  async open() {
    this.button.setAttribute("aria-expanded", "true");
    this.list.hidden = false;
    if (!this.list.children.length) render(this.list, html`<p>Loading …</p>`);
    try {
      const [shelf, tasks] = await Promise.all([api.get("models/shelf"), api.get("schema")]);
      const order = tasks.find(({ task }) => task === this.task)?.models ?? [];
      const known = new Map(shelf.models.map((model) => [model.id, model]));
      this.draw(order.flatMap((id) => known.get(id) ?? []));
    } catch (error) {
      failed(error);
      this.close();
    }
  }

  close() {
    this.button.setAttribute("aria-expanded", "false");
    if (this.list.contains(document.activeElement)) this.button.focus();
    this.list.hidden = true;
  }

  /** @param {ModelCard[]} models */
  draw(models) {
    for (const { id, name } of models) this.names.set(id, name);
    const here = models.filter((model) => model.installed);
    const more = models.filter((model) => !model.installed && model.downloadable);
    render(this.list, html`${this.line("", "Auto", "", "The studio chooses a model for your prompt.")}
      ${here.map((model) => this.line(model.id, model.name, model.fit.state, model.fit.words))}
      ${more.length > 0 && html`<details ${more.some(({ id }) => id === this.props.value) ? "open" : ""}><summary>More models (${more.length})</summary>
        ${more.map((model) => this.line(model.id, model.name, model.fit.state, [`${formatBytes(model.download_bytes)} download.`, model.fit.words].join(" ")))}</details>`}`);
    (query(this.list, "[aria-current=true]") ?? query(this.list, "button"))?.focus();
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {ModelCard["fit"]["state"] | ""} state
   * @param {string} words
   */
  line(id, name, state, words) {
    return html`<button type="button" data-do="pick" data-id="${id}" aria-current="${id === (this.props.value ?? "")}">
      <b>${name}</b><small class="fit-words ${state}">${state && html`<i aria-hidden="true"></i>`}${words}</small></button>`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      event.preventDefault();
      return void this.close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const lines = [...this.list.querySelectorAll("button, summary")].filter((one) => one instanceof HTMLElement && one.checkVisibility());
    const next = step && lines[lines.indexOf(targetOf(event)) + step];
    if (!(next instanceof HTMLElement) || !this.list.contains(targetOf(event))) return;
    event.preventDefault();
    next.focus();
  }
}
