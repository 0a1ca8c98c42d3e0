// A mask painted over a picture, with brush and rubber: by mouse, finger or pen. It is kept as strokes until it
// is taken: undoing paints them anew. Large pictures are painted small; the mask is stretched when it is used.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { showModal } from "./layers.js";
import { Plane } from "./mask-plane.js";

const acts = [["undo", "Undo", "undo"], ["redo", "Redo", "redo"], ["invert", "Turn it round", "invert"], ["clear", "Clear", "trash"],
  ["out", "Farther", ""], ["in", "Nearer", ""], ["fit", "Fit", ""]];
const signs = { out: "−", in: "+", fit: "Fit" };

export class Mask {
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = element.querySelector(".mask");
    this.box = this.root.querySelector(".mask-box");
    this.dialog = this.root.querySelector(".mask-paint");
    this.over = this.root.dataset.over;
    this.of = this.seen = ""; // the picture, and the mask that belongs to it
    fill(this.dialog.querySelector(".mask-acts"), html`${acts.map(([act, name, glyph]) => html`<button type="button" class="quiet" data-do="${act}"
      aria-label="${name}" title="${name}">${glyph ? icon(glyph) : signs[act]}</button>`)}`);
    this.plane = new Plane(this.dialog);
    doing(this.root, {
      paint: () => this.open(),
      none: () => { this.props.value = ""; this.draw(); },
      leave: () => this.dialog.close(),
      done: () => this.done(),
      ...Object.fromEntries(acts.map(([act]) => [act, () => this.plane[act]()])),
    });
    watch("value", () => this.draw());
    const form = element.closest(".task")?.id; // also while another page is in front: it is not told twice
    on("asked", ({ task, values }) => form === `task-${task}` && this.picture(values[this.over] ?? ""));
    this.draw();
  }

  /** Another picture needs another mask, unless both came together. */
  picture(id) {
    const mask = this.props.value || "";
    if (this.of && id !== this.of && mask && mask === this.seen) this.props.value = "";
    this.of = id;
    this.seen = this.props.value || "";
    this.draw();
  }

  draw() {
    const mask = this.props.value;
    if (!this.of) return fill(this.box, html`<p class="bare">Bring in a picture, then paint on it.</p>`);
    fill(this.box, html`<div class="mask-shown"><button type="button" class="mask-open" data-do="paint" aria-label="${mask ? "Go on painting" : "Paint on the picture"}">
      <img src="${api.thumbOf(this.of)}" alt="">${mask && html`<img class="mask-over" src="${api.fileOf(mask)}" alt="">`}</button>
      <span><button type="button" class="step first" data-do="paint">${icon("pen")}${mask ? "Go on painting" : "Paint"}</button>
      ${mask && html`<button type="button" class="step" data-do="none">${icon("trash")}Away with it</button>`}</span></div>`);
  }

  complain(text) { this.root.querySelector(".wrong").textContent = text; }

  async open() {
    this.complain("");
    showModal(this.dialog);
    try {
      await this.plane.start(api.fileOf(this.of), this.props.value ? api.fileOf(this.props.value) : "");
    } catch { this.dialog.close(); this.complain("The picture could not be opened for painting."); }
  }

  async done() {
    if (this.plane.empty()) { this.props.value = ""; this.draw(); return this.dialog.close(); }
    try {
      const file = new File([await this.plane.png()], "mask.png", { type: "image/png" });
      const to = `assets?${api.query({ name: "mask.png", project_id: project.id, source: "mask" })}`;
      const asset = await api.upload(file, project.id, () => {}, to).done;
      this.props.value = this.seen = asset.id;
      this.draw();
    } catch (error) { this.complain(error.message); }
    this.dialog.close();
  }
}
