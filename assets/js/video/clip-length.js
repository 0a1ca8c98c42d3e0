// The duration of a clip. Python lists the durations the model supports.

import { on } from "../core/bus.js";
import { dataOf, find, html, render } from "../core/dom.js";
import { formatLength, lengthChoices } from "./length-choices.js";

/** @import { LengthAdvice, Part } from "../types/page.js" */

export class ClipLength {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".length");
    this.select = find(this.root, "select", HTMLSelectElement);
    this.only = find(this.root, ".length-only");
    this.select.addEventListener("change", () => { this.props.value = this.select.value; });
    watch("value", () => this.now && this.showAdvice(this.now));
    on("formChanged", ({ task, about }) => task === dataOf(this.root).task && about?.length && this.showAdvice(about.length));
  }

  /** @param {LengthAdvice} length */
  showAdvice(length) {
    this.now = length;
    const { offered, usual, seconds } = length, one = offered.length === 1;
    render(this.select, lengthChoices(length).map(([value, text]) => html`<option value="${value}">${text}</option>`));
    this.select.value = this.props.value && seconds !== usual ? String(seconds) : "";
    this.root.classList.toggle("length-alone", one);
    this.select.hidden = one;
    this.only.hidden = !one;
    this.only.textContent = `${formatLength(usual)} (fixed)`;
  }
}
