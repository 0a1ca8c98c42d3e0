// The shape and the size of a picture. Python says which size the model can: this only asks and shows.

import { on } from "./bus.js";
import { fill, html } from "./dom.js";

const round = (value) => Number(value.toFixed(value < 1 ? 2 : 1));

export class Size {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".size-pick");
    this.part = (name) => this.root.querySelector(`[name=${name}]`);
    this.root.addEventListener("change", (event) => this.set(event.target));
    watch("value", () => this.show());
    on("asked", ({ task, about }) => task === this.root.dataset.task && about?.size && this.hear(about.size));
    this.show();
  }

  get held() {
    try { return JSON.parse(this.props.value || "{}"); } catch { return {}; }
  }

  /** The shape that is asked for; where none is, the one that the model is used to. */
  get shape() { return this.held.aspect ?? this.now?.usual ?? "1:1"; }

  set(from) {
    const aspect = this.root.querySelector(".size-shapes input:checked")?.value ?? this.shape;
    const own = aspect === "own", start = own && from.name.startsWith("shape-"); // from the size there was
    const side = (name) => (own ? (start ? this.now?.[name] : Number(this.part(name).value)) || null : null);
    const megapixels = own ? this.held.megapixels ?? null : Number(this.part("megapixels").value) || null;
    this.props.value = JSON.stringify({ aspect, megapixels, width: side("width"), height: side("height") });
    this.show();
  }

  show() {
    const { width, height } = this.held, own = this.shape === "own";
    this.root.querySelector(".size-sides").hidden = !own;
    this.root.querySelector(".size-mega").hidden = own;
    if (own) { this.part("width").value = width ?? ""; this.part("height").value = height ?? ""; }
    if (this.now) this.hear(this.now);
  }

  hear(size) {
    this.now = size;
    const { megapixels } = this.held, { shape } = this, alone = size.shapes.length === 0;
    this.root.classList.toggle("size-alone", alone);
    for (const input of this.root.querySelectorAll(".size-shapes input")) {
      input.checked = input.value === shape;
      input.closest("label").hidden = ![...size.shapes, shape, "own"].includes(input.value);
    }
    const wanted = megapixels ? [...new Set([...size.offered, round(megapixels)])].sort((a, b) => a - b) : size.offered;
    fill(this.part("megapixels"), html`<option value="">Usual size, ${round(size.best)} MP</option>
      ${wanted.map((one) => html`<option value="${one}">${one} MP</option>`)}`);
    this.part("megapixels").value = megapixels ? String(round(megapixels)) : "";
    this.root.querySelector(".size-out").textContent = `${shape === "own" ? "becomes " : ""}${size.width} x ${size.height}${alone ? ", the one size it makes" : ""}`;
  }
}
