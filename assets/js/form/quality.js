// Draft, Good, Best, each with its estimated seconds.

import { closest, dataOf, fieldOf, find, findAll } from "../core/dom.js";
import { on } from "../core/bus.js";

/** @import { Part } from "../types/page.js" */

export class QualityPicker {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".quality");
    this.block = /** @type {HTMLElement} */ (element.closest(".block") ?? element);
    this.root.addEventListener("change", (event) => { this.props.value = fieldOf(event).value; });
    watch("value", () => this.show());
    on("formChanged", ({ task, about }) => task === dataOf(this.root).task && about?.levels && this.showAdvice(about.levels));
    this.show();
  }

  show() {
    for (const input of findAll(this.root, "input", HTMLInputElement)) input.checked = input.value === (this.props.value || dataOf(this.root).usual);
  }

  /** @param {Record<string, string>} levels */
  showAdvice(levels) {
    this.block.hidden = !Object.keys(levels).length;
    for (const input of findAll(this.root, "input", HTMLInputElement)) {
      closest(input, "label").hidden = !(input.value in levels);
      find(closest(input, "label"), "small").textContent = levels[input.value] ?? "";
    }
  }
}
