// The length of a clip. Python says which lengths the model can make.

import { on } from "./bus.js";
import { fill, html } from "./dom.js";

const short = (seconds) => `${Number(seconds.toFixed(1))} s`;

export class Length {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".length");
    this.select = this.root.querySelector("select");
    this.only = this.root.querySelector(".length-only");
    this.select.addEventListener("change", () => { this.props.value = this.select.value; });
    watch("value", () => this.now && this.hear(this.now));
    on("asked", ({ task, about }) => task === this.root.dataset.task && about?.length && this.hear(about.length));
  }

  hear(length) {
    this.now = length;
    const { offered, usual, seconds } = length, one = offered.length === 1;
    fill(this.select, html`<option value="">${short(usual)}, as usual</option>
      ${offered.filter((it) => it !== usual).map((it) => html`<option value="${it}">${short(it)}</option>`)}`);
    this.select.value = this.props.value && seconds !== usual ? String(seconds) : "";
    this.root.classList.toggle("length-alone", one);
    this.select.hidden = one;
    this.only.hidden = !one;
    this.only.textContent = `${short(usual)}, the one length it makes`;
  }
}
