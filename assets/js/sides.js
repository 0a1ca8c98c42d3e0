// How far a picture goes on beyond its edges: numbers, or the shape it is to have.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing } from "./dom.js";

const names = ["left", "right", "top", "bottom"];

export class Sides {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".sides");
    this.most = Number(this.root.dataset.most);
    this.root.addEventListener("change", () => this.set(Object.fromEntries(names.map((name) => [name, this.input(name).valueAsNumber || 0]))));
    doing(this.root, { shape: (button) => this.shape(button.dataset.shape) });
    watch("value", () => this.show());
    on("asked", ({ task, values }) => task === this.root.dataset.task && this.over(values.image));
    this.show();
  }

  input(name) { return this.root.querySelector(`[name=${name}]`); }

  get held() {
    try { return JSON.parse(this.props.value || "{}"); } catch { return {}; }
  }

  async over(id) {
    if (this.image?.id === id) return;
    this.asked = id;
    const image = id ? await api.assetIfThere(id) : null;
    if (this.asked !== id) return;
    this.image = image;
    if (this.image && this.wanted) this.shape(this.wanted);
    else this.tell();
  }

  set(sides) {
    const legal = (value) => Math.max(0, Math.min(this.most, Math.round(value)));
    this.props.value = JSON.stringify(Object.fromEntries(names.map((name) => [name, legal(sides[name] ?? 0)])));
    this.show();
  }

  /** Add at two opposite sides alike until the picture has a shape. */
  shape(shape) {
    const { width, height } = this.image ?? {};
    this.wanted = width ? null : shape; // the picture may be on its way
    if (!width) return void (this.root.querySelector(".size-out").textContent = "Bring in a picture first.");
    const [wide, high] = shape.split(":").map(Number);
    const more = [Math.max(0, height * wide / high - width), Math.max(0, width * high / wide - height)].map(Math.round);
    const halves = (length) => [Math.floor(length / 2), Math.ceil(length / 2)];
    const [[left, right], [top, bottom]] = more.map(halves);
    this.set({ left, right, top, bottom });
  }

  show() {
    for (const name of names) this.input(name).value = this.held[name] ?? 0;
    this.tell();
  }

  tell() {
    const { left = 0, right = 0, top = 0, bottom = 0 } = this.held, { width, height } = this.image ?? {};
    this.root.querySelector(".size-out").textContent = !width ? ""
      : `${width} x ${height}${left || right || top || bottom ? ` → ${width + left + right} x ${height + top + bottom}` : ": no side is chosen yet"}`;
  }
}
