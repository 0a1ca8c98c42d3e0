// A number field that may be empty, or a counter with + and − buttons.

import { dataOf, find, findAll } from "../core/dom.js";

/** @import { Part } from "../types/page.js" */
export class NumberInput {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    const input = find(element, "input", HTMLInputElement), buttons = findAll(element, "[data-by]");
    const [low, high] = [Number(input.min), Number(input.max)];
    const show = () => { input.value = props.value ?? ""; ends(); };
    const ends = () => buttons.forEach((button) => {
      const at = Number(dataOf(button).by) < 0 ? Number(input.value) <= low : Number(input.value) >= high;
      button.setAttribute("aria-disabled", String(at)); // not disabled: the button would lose the focus at the limit
    });
    /** @param {number} value */
    const put = (value) => { props.value = String(value); show(); };
    input.addEventListener("input", () => { props.value = input.value; ends(); });
    if (buttons.length) {
      for (const button of buttons) button.addEventListener("click", () => put(legal(Number(input.value) + Number(dataOf(button).by))));
      input.addEventListener("change", () => put(legal(Number(input.value))));
    }
    /** @param {number} value */
    const legal = (value) => Math.min(high, Math.max(low, Math.round(value) || low));
    watch("value", () => String(props.value ?? "") === input.value || show());
    show();
  }
}
