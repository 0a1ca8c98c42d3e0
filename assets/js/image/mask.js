// A mask painted over a picture, or over the first frame of a clip, with brush and eraser, by mouse, finger or pen. It is stored as strokes until it is
// done, and undo repaints them. Large pictures are painted at a smaller size; the mask is scaled when it is used.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, find, html, onAction, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { project } from "../core/project.js";
import { MaskCanvas } from "./mask-canvas.js";

/** @import { Part } from "../types/page.js" */

/** @type {["undo" | "redo" | "invert" | "clear" | "out" | "in" | "fit", label: string, icon: string][]} */
const acts = [["undo", "Undo", "undo"], ["redo", "Redo", "redo"], ["invert", "Invert mask", "invert"], ["clear", "Clear", "trash"],
  ["out", "Zoom out", ""], ["in", "Zoom in", ""], ["fit", "Fit", ""]];

/** @type {Record<string, string>} */
const signs = { out: "−", in: "+", fit: "Fit" };

export class MaskEditor {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".mask");
    this.box = find(this.root, ".mask-box");
    this.dialog = find(this.root, ".mask-paint", HTMLDialogElement);
    this.over = dataOf(this.root).over;
    this.of = this.seen = ""; // the picture, and its mask
    render(find(this.dialog, ".mask-acts"), html`${acts.map(([act, name, glyph]) => html`<button type="button" class="quiet" data-do="${act}"
      aria-label="${name}" title="${name}">${glyph ? icon(glyph) : signs[act]}</button>`)}`);
    this.plane = new MaskCanvas(this.dialog);
    onAction(this.root, {
      paint: () => this.open(),
      none: () => { this.props.value = ""; this.draw(); },
      leave: () => this.dialog.close(),
      done: () => this.done(),
      ...Object.fromEntries(acts.map(([act]) => [act, () => this.plane[act]()])),
    });
    watch("value", () => this.draw());
    const form = element.closest(".task")?.id; // also while another page is visible: the event comes only once
    on("formChanged", ({ task, values }) => form === `task-${task}` && this.picture(values[this.over] ?? ""));
    this.draw();
  }

  /**
   * Drop the mask when the picture changes, unless both were set together.
   * @param {string} id
   */
  picture(id) {
    const mask = this.props.value || "";
    if (this.of && id !== this.of && mask && mask === this.seen) this.props.value = "";
    this.of = id;
    this.seen = this.props.value || "";
    this.draw();
  }

  draw() {
    const mask = this.props.value;
    if (!this.of) return render(this.box, html`<p class="bare">Add a ${this.over === "clip" ? "clip" : "picture"} first, then paint on it.</p>`);
    render(this.box, html`<div class="mask-shown"><button type="button" class="mask-open" data-do="paint" aria-label="${mask ? "Edit the mask" : "Paint on the picture"}">
      <img src="${this.over === "clip" ? this.ground() : api.thumbOf(this.of)}" alt="">${mask && html`<img class="mask-over" src="${api.fileOf(mask)}" alt="">`}</button>
      <span><button type="button" class="step first" data-do="paint">${icon("pen")}${mask ? "Edit mask" : "Paint"}</button>
      ${mask && html`<button type="button" class="step" data-do="none">${icon("trash")}Remove mask</button>`}</span></div>`);
  }

  /** The picture to paint on: of a clip, its first frame. */
  ground() { return this.over === "clip" ? api.firstFrameOf(this.of) : api.fileOf(this.of); }

  /** @param {string} text */
  complain(text) { find(this.root, ".wrong").textContent = text; }

  async open() {
    this.complain("");
    showModal(this.dialog);
    try {
      await this.plane.start(this.ground(), this.props.value ? api.fileOf(this.props.value) : "");
    } catch { this.dialog.close(); this.complain("The picture could not be opened for painting."); }
  }

  async done() {
    if (this.plane.empty()) { this.props.value = ""; this.draw(); return this.dialog.close(); }
    try {
      const file = new File([await this.plane.png()], "mask.png", { type: "image/png" });
      const asset = await api.upload(file, project.id, () => {}, "mask").done;
      this.props.value = this.seen = asset.id;
      this.draw();
    } catch (error) { this.complain(api.messageOf(error)); }
    this.dialog.close();
  }
}
