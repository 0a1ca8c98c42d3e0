// The question before a picture is made with a model that cannot draw what the prompt wants to see.

import { find, html, onAction, query, render } from "../core/dom.js";

/** @typedef {{ model: string, subjects: string[], draws: string, anyway: boolean }} Refusal */

export class Objection {
  /**
   * ``anyway()`` submits the form as it is.
   * @param {HTMLElement} element
   * @param {{ form: HTMLElement, anyway: () => void }} options
   */
  constructor(element, { form, anyway }) {
    this.element = element;
    this.form = form;
    onAction(element, {
      anyway: () => { this.close(); anyway(); },
      other: () => { this.close(); this.choose(); },
      edit: () => this.edit(),
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.edit();
    });
  }

  /** @param {Refusal} refusal */
  ask({ model, subjects, draws, anyway }) {
    this.element.hidden = false;
    render(this.element, html`<p><b>${model} cannot draw ${subjects.length ? subjects.map((one, at) => html`${at > 0 && ", "}<em>${one}</em>`) : "this"}.</b>
      It draws: ${draws}.</p><div class="objection-acts">${anyway && html`<button type="button" data-do="anyway">Generate anyway</button>`}
      ${query(this.form, ".field-model") && html`<button type="button" data-do="other">Choose another model</button>`}
      <button type="button" data-do="edit">Edit the prompt</button></div>`);
    find(this.element, "button").focus();
  }

  close() {
    this.element.hidden = true;
    render(this.element, "");
  }

  edit() {
    this.close();
    query(this.form, ".field-prompt textarea")?.focus();
  }

  choose() {
    const model = query(this.form, ".field-model .model-chosen");
    model?.scrollIntoView({ block: "center" });
    if (model?.getAttribute("aria-expanded") === "false") model.click();
  }
}
