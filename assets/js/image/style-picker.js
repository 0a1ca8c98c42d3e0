// The looks of Restyle. As soon as a picture is chosen, the thumbnails show it; the studio makes them only while someone looks.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { closest, dataOf, fieldOf, find, findAll, query } from "../core/dom.js";

/** @import { Part } from "../types/page.js" */

const PAUSE = 600; // ms between two looks

export class StylePicker {
  /** The picture that the thumbnails show. @type {string | null} */
  picture = null;

  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.element = element;
    this.root = find(element, ".styles");
    const task = closest(element, ".task").id.replace("task-", "");
    this.root.addEventListener("change", (event) => { this.props.value = fieldOf(event).value; this.draw(); });
    watch("value", () => this.draw());
    on("formChanged", (said) => said.task === task && this.follow(said.values.image ?? null));
    on("tab", () => this.resume());
    new IntersectionObserver(() => { this.draw(); this.resume(); }).observe(element);
    this.draw();
  }

  draw() {
    for (const input of findAll(this.root, "input", HTMLInputElement)) input.checked = input.value === this.props.value;
    const chosen = query(this.root, "input:checked", HTMLInputElement);
    const grid = find(this.root, ".styles-grid"), cell = chosen && closest(chosen, "label");
    if (cell && (cell.offsetTop < grid.scrollTop || cell.offsetTop + cell.offsetHeight > grid.scrollTop + grid.clientHeight)) {
      grid.scrollTop = cell.offsetTop - cell.offsetHeight / 2;
    }
    find(this.root, ".styles-about").textContent = chosen ? `${chosen.getAttribute("aria-label")}: ${dataOf(chosen).help}` : "";
  }

  /** @param {string | null} picture */
  follow(picture) {
    if (picture === this.picture) return;
    this.picture = picture;
    this.missing = new Set(findAll(this.root, "input", HTMLInputElement).map((input) => input.value));
    for (const style of this.missing) this.show(style, `c41/samples/styles/${style}.webp`);
    this.resume();
  }

  /**
   * @param {string} style
   * @param {string} address
   */
  show(style, address) {
    const input = query(this.root, `input[value="${CSS.escape(style)}"]`);
    if (input) find(closest(input, "label"), "img", HTMLImageElement).src = address;
  }

  /** Ask for thumbnails until all are there, the picture changes, or nobody looks any more. */
  async resume() {
    if (this.asking || !this.picture || !this.missing?.size || this.element.offsetParent === null || document.hidden) return;
    const { picture, missing } = this;
    this.asking = true;
    try {
      const { ready, done } = await api.post(`assets/${picture}/styles`);
      if (picture === this.picture) {
        for (const style of ready) if (missing.delete(style)) this.show(style, `api/assets/${picture}/styles/${style}`);
        if (done) missing.clear();
      }
    } catch { missing.clear(); /* the samples stay */ }
    this.asking = false;
    setTimeout(() => this.resume(), PAUSE);
  }
}
