// How far to extend a picture on each side: in px, or to an aspect ratio.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, find, findField, onAction } from "../core/dom.js";
import { sidesForShape } from "./outpaint.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

const names = ["left", "right", "top", "bottom"];

export class OutpaintSides {
  /** @type {AssetView | null} */
  image;
  /** @type {string | null} */
  wanted;
  /** @type {string} */
  asked;

  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".sides");
    this.most = Number(dataOf(this.root).most);
    this.root.addEventListener("change", () => this.set(Object.fromEntries(names.map((name) => [name, this.input(name).valueAsNumber || 0]))));
    onAction(this.root, { shape: (button) => this.shape(dataOf(button).shape) });
    watch("value", () => this.show());
    on("formChanged", ({ task, values }) => task === dataOf(this.root).task && this.over(values.image));
    this.show();
  }

  /** @param {string} name */
  input(name) { return findField(this.root, `[name=${name}]`); }

  get held() {
    try { return JSON.parse(this.props.value || "{}"); } catch { return {}; }
  }

  /** @param {string} id */
  async over(id) {
    if (this.image?.id === id) return;
    this.asked = id;
    const image = id ? await api.assetIfThere(id) : null;
    if (this.asked !== id) return;
    this.image = image;
    if (this.image && this.wanted) this.shape(this.wanted);
    else this.tell();
  }

  /** @param {Record<string, number>} sides */
  set(sides) {
    /** @param {number} value */
    const legal = (value) => Math.max(0, Math.min(this.most, Math.round(value)));
    this.props.value = JSON.stringify(Object.fromEntries(names.map((name) => [name, legal(sides[name] ?? 0)])));
    this.show();
  }

  /**
   * Extend two opposite sides equally until the picture has the shape.
   * @param {string} shape
   */
  shape(shape) {
    const { width, height } = this.image ?? {};
    this.wanted = width ? null : shape; // the picture may still be loading
    if (!width || !height) return void (find(this.root, ".size-out").textContent = "Add a picture first.");
    this.set(sidesForShape(width, height, shape));
  }

  show() {
    for (const name of names) this.input(name).value = this.held[name] ?? 0;
    this.tell();
  }

  tell() {
    const { left = 0, right = 0, top = 0, bottom = 0 } = this.held, { width, height } = this.image ?? {};
    find(this.root, ".size-out").textContent = !width || !height ? ""
      : `${width} × ${height}${left || right || top || bottom ? ` → ${width + left + right} × ${height + top + bottom}` : ". Choose at least one side."}`;
  }
}
