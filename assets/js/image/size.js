// The shape and size of a picture. Python computes the size the model supports; this part only asks and displays.

import { on } from "../core/bus.js";
import { closest, dataOf, fieldOf, find, findAll, findField, html, query, render } from "../core/dom.js";
import { chosenSize, formatArea, formatSize, sizeChoices } from "./size-choices.js";

/** @import { Part, SizeAdvice } from "../types/page.js" */

export class SizePicker {
  /** @type {SizeAdvice | undefined} */
  now;

  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".size-pick");
    this.root.addEventListener("change", (event) => this.set(fieldOf(event)));
    watch("value", () => this.show());
    on("formChanged", ({ task, about }) => task === dataOf(this.root).task && about?.size && this.showAdvice(about.size));
    this.show();
  }

  /** @param {string} name */
  part(name) { return findField(this.root, `[name=${name}]`); }

  get held() {
    try { return JSON.parse(this.props.value || "{}"); } catch { return {}; }
  }

  /** The requested shape, or the model's standard shape. */
  get shape() { return this.held.aspect ?? this.now?.usual ?? "1:1"; }

  /** @param {HTMLInputElement} from */
  set(from) {
    const aspect = query(this.root, ".size-shapes input:checked", HTMLInputElement)?.value ?? this.shape;
    const own = aspect === "own", start = own && from.name.startsWith("shape-"); // start from the current size
    /** @param {"width" | "height"} name */
    const side = (name) => (own ? (start ? this.now?.[name] : Number(this.part(name).value)) || null : null);
    const megapixels = own ? this.held.megapixels ?? null : Number(this.part("megapixels").value) || null;
    this.props.value = JSON.stringify({ aspect, megapixels, width: side("width"), height: side("height") });
    this.show();
  }

  show() {
    const { width, height } = this.held, own = this.shape === "own";
    find(this.root, ".size-sides").hidden = !own;
    find(this.root, ".size-mega").hidden = own;
    if (own) { this.part("width").value = width ?? ""; this.part("height").value = height ?? ""; }
    if (this.now) this.showAdvice(this.now);
  }

  /** @param {SizeAdvice} size */
  showAdvice(size) {
    this.now = size;
    const { shape } = this, alone = size.shapes.length === 0;
    this.root.classList.toggle("size-alone", alone);
    find(this.root, "legend").textContent = alone ? "Size" : "Shape";
    for (const input of findAll(this.root, ".size-shapes input", HTMLInputElement)) {
      input.checked = input.value === shape;
      closest(input, "label").hidden = ![...size.shapes, shape, "own"].includes(input.value);
    }
    const choices = sizeChoices(size.offered), mega = this.part("megapixels"), own = shape === "own";
    render(mega, choices.map(([value, label]) => html`<option value="${value}">${label}</option>`));
    mega.value = chosenSize(size.offered, size);
    find(this.root, ".size-mega").hidden = own || choices.length < 2;
    find(this.root, ".size-out").textContent = this.outcome(alone);
  }

  /** What is made, as far as the size chosen does not say it already. */
  outcome(alone = false) {
    const { now, shape } = this;
    if (!now) return "";
    if (alone) return `${formatSize(now)} (fixed)`;
    if (shape === "own") return `becomes ${formatSize(now)}`;
    return now.offered.length < 2 ? formatSize(now) : formatArea(now);
  }
}
