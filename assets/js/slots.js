// Several pictures in an order: brought in, moved, taken out.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { DRAGGED, face, project } from "./film.js";
import { slots } from "./slot.js";
import { kinds } from "./words.js";

export class Slots {
  constructor({ element, props, watch }) {
    Object.assign(this, { element, props, main: false, known: new Map() });
    this.root = element.querySelector(".slots");
    ({ kind: this.kind } = this.root.dataset);
    this.most = Number(this.root.dataset.most);
    this.list = this.root.querySelector(".slots-list");
    const at = (button) => Number(button.closest("li").dataset.at);
    doing(this.root, {
      out: (button) => this.put(this.ids.filter((_, i) => i !== at(button))),
      back: (button) => this.move(at(button), -1),
      on: (button) => this.move(at(button), 1),
    });
    this.list.addEventListener("change", (event) => { for (const file of event.target.files ?? []) this.bring(file); });
    this.drops();
    watch("value", () => this.draw());
    on("changed", ({ asset, gone }) => gone && this.ids.includes(asset.id) && this.put(this.ids.filter((id) => id !== asset.id)));
    slots.push(this); // pasting, and “use as input”, find it like any other place
    this.draw();
  }

  get ids() {
    try { return JSON.parse(this.props.value || "[]"); } catch { return []; }
  }

  put(ids) {
    this.props.value = ids.length ? JSON.stringify(ids) : "";
    this.draw();
  }

  /** Take one more asset in. */
  set(asset) {
    if (!asset) return;
    this.known.set(asset.id, asset);
    if (this.ids.includes(asset.id)) return;
    if (this.ids.length >= this.most) return this.complain(`There is room for ${this.most}.`);
    this.put([...this.ids, asset.id]);
  }

  move(at, by) {
    const ids = this.ids, to = at + by;
    if (to < 0 || to >= ids.length) return;
    ids.splice(to, 0, ...ids.splice(at, 1));
    this.put(ids);
    this.list.children[to]?.querySelector(`[data-do=${by < 0 ? "back" : "on"}]`)?.focus();
  }

  drops() {
    const takes = (event) => event.dataTransfer.types.includes("Files") || event.dataTransfer.types.includes(DRAGGED);
    this.root.addEventListener("dragover", (event) => takes(event) && (event.preventDefault(), this.root.classList.add("over")));
    this.root.addEventListener("dragleave", () => this.root.classList.remove("over"));
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.root.classList.remove("over");
      const dragged = event.dataTransfer.getData(DRAGGED);
      if (dragged) this.take(JSON.parse(dragged));
      else for (const file of event.dataTransfer.files) this.bring(file);
    });
  }

  async take({ id, kind }) {
    if (kind !== this.kind) return this.complain(`This takes a ${kinds[this.kind]}.`);
    try { this.set(await api.asset(id)); } catch (error) { this.complain(error.message); }
  }

  async bring(file) {
    try {
      const asset = await api.upload(file, project.id, () => {}).done;
      if (asset.kind !== this.kind) return this.complain(`“${asset.title}” is not a ${kinds[this.kind]}.`);
      this.set(asset);
    } catch (error) { this.complain(error.message); }
  }

  complain(text) { this.root.querySelector(".wrong").textContent = text; }

  async draw() {
    const ids = this.ids;
    this.complain("");
    await Promise.all(ids.filter((id) => !this.known.has(id)).map(async (id) => this.known.set(id, await api.assetIfThere(id))));
    if (String(ids) !== String(this.ids)) return;
    const shown = ids.map((id) => this.known.get(id));
    if (shown.some((asset) => !asset || asset.deleted_at)) return this.put(ids.filter((id) => this.known.get(id) && !this.known.get(id).deleted_at));
    const one = (asset, i) => html`<li data-at="${i}"><span class="face">${face(asset)}<em>${i + 1}</em></span>
      <span class="slots-acts"><button type="button" class="quiet" data-do="back" aria-label="Move picture ${i + 1} forward" ${!i && html`disabled`}>${icon("left")}</button>
      <button type="button" class="quiet" data-do="out" aria-label="Take picture ${i + 1} out" title="${asset.title}">${icon("x")}</button>
      <button type="button" class="quiet" data-do="on" aria-label="Move picture ${i + 1} back" ${i === ids.length - 1 && html`disabled`}>${icon("right")}</button></span></li>`;
    fill(this.list, html`${shown.map(one)}${ids.length < this.most && html`<li class="slots-more"><label>${icon("plus")}<span>Add</span>
      <input type="file" accept="image/*" multiple aria-label="Add to: ${this.root.dataset.label}"></label></li>`}`);
  }
}
