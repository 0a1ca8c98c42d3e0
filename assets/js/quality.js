// Draft, Good, Best, with the seconds of each under its name.

import { on } from "./bus.js";

export class Quality {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".quality");
    this.block = element.closest(".block") ?? element;
    this.root.addEventListener("change", (event) => { this.props.value = event.target.value; });
    watch("value", () => this.show());
    on("asked", ({ task, about }) => task === this.root.dataset.task && about?.levels && this.hear(about.levels));
    this.show();
  }

  show() {
    for (const input of this.root.querySelectorAll("input")) input.checked = input.value === (this.props.value || "good");
  }

  hear(levels) {
    this.block.hidden = !Object.keys(levels).length;
    for (const input of this.root.querySelectorAll("input")) {
      input.closest("label").hidden = !(input.value in levels);
      input.parentElement.querySelector("small").textContent = levels[input.value] ?? "";
    }
  }
}
