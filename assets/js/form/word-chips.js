// Words as buttons that add them to the prompt: those that a model with a small vocabulary knows, or camera moves.

import { on } from "../core/bus.js";
import { closest, dataOf, find, findField, html, onAction, renderChanged } from "../core/dom.js";
import { addWord } from "./add-word.js";

/** @import { WordGroup } from "../types/page.js" */

const KEY = "c41-words"; // whether this browser shows them

export class WordChips {
  /** @type {WordGroup[]} */
  groups = [];

  /**
   * A ``details`` element in a form. It is a single line until someone opens it, then it stays open.
   * @param {HTMLDetailsElement} element
   */
  constructor(element) {
    this.element = element;
    element.addEventListener("toggle", () => localStorage.setItem(KEY, element.open ? "open" : "closed"));
    on("tab", () => { element.open = localStorage.getItem(KEY) === "open"; });
    onAction(element, { word: (button) => this.add(dataOf(button).word, /** @type {WordGroup["role"]} */ (dataOf(button).role)) });
  }

  /**
   * @param {WordGroup[]} groups
   * @param {string} model its name, if it knows only these
   */
  show(groups, model) {
    this.groups = groups;
    this.element.hidden = !groups.length;
    if (!groups.length) return;
    renderChanged(find(this.element, "summary"), html`${model ? `${model} knows` : groups[0].name}: <span>${groups[0].words.slice(0, 4).join(", ")} …</span>`);
    renderChanged(find(this.element, "div"), html`${groups.map(({ name, role, words }) => html`<div role="group" aria-label="${name}"><b>${name}</b><span>${
      words.map((word) => html`<button type="button" data-do="word" data-role="${role}" data-word="${word}">${word}</button>`)}</span></div>`)}`);
  }

  /**
   * @param {string} word
   * @param {WordGroup["role"]} role
   */
  add(word, role) {
    const area = findField(closest(this.element, ".task"), ".field-prompt textarea");
    area.value = addWord(area.value, word, role, this.groups);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
