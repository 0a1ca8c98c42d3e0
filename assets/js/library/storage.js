// Storage and bin: disk use by person and project, and what is scheduled for deletion, with *Keep* for each file.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { closest, html, onAction, render } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { thumbnail } from "../core/thumbnail.js";
import { failed, toast } from "../core/toast.js";

/** @import { Share, Space, Sweep } from "../types/api.js" */

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });

/**
 * @param {string} title
 * @param {Share[]} rows
 * @param {number} most
 */
const shares = (title, rows, most) => rows.length > 0 && html`<section><h3>${title}</h3><dl class="shares">${rows.map((row) =>
  html`<dt>${row.name}</dt><dd><span class="meter" aria-hidden="true"><i style="width:${(100 * row.bytes / most).toFixed(1)}%"></i></span>
    <span>${formatBytes(row.bytes)} <small>${row.count.toLocaleString()} ${row.count === 1 ? "file" : "files"}</small></span></dd>`)}</dl></section>`;

export class StorageDialog {
  /** @type {Space} */
  space;
  /** @type {Sweep} */
  going;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    onAction(dialog, {
      shut: () => dialog.close(),
      keep: (target) => this.keep(target),
      sweep: () => this.sweep(),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => render(dialog, ""));
  }

  async open() {
    render(this.dialog, html`<div class="room"><p class="bare">Counting …</p></div>`);
    showModal(this.dialog);
    try {
      [this.space, this.going] = await Promise.all([api.get("library/space"), api.get("library/sweep")]);
      this.draw();
    } catch (error) {
      this.dialog.close();
      failed(error);
    }
  }

  draw() {
    const { people, projects, bin, total, free, disk } = this.space;
    /** @param {Share[]} rows */
    const bySize = (rows) => rows.filter((row) => row.bytes).sort((a, b) => b.bytes - a.bytes);
    const most = Math.max(1, ...people.map((row) => row.bytes), ...projects.map((row) => row.bytes));
    render(this.dialog, html`<div class="room"><header><h2>Storage and bin</h2>
        <button type="button" class="quiet shut" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      <p class="disk"><span><b>${formatBytes(free)} free</b> of ${formatBytes(disk)}; the library uses ${formatBytes(total)}.</span>
        <span class="meter" aria-hidden="true"><i style="width:${(100 * (1 - free / disk)).toFixed(1)}%"></i></span></p>
      <div class="columns">${shares("By person", bySize(people), most)}${shares("By project", bySize(projects), most)}</div>
      <section><h3>In your bin</h3><p>${bin.count ? html`${bin.count.toLocaleString()} ${bin.count === 1 ? "file" : "files"}, ${formatBytes(bin.bytes)}. Each is deleted permanently after 30 days in the bin.` : "Empty. Deleted files stay in the bin for 30 days."}
        ${bin.count > 0 && html`<a href="#library?show=deleted" data-do="shut">Open the bin</a>`}</p></section>
      ${this.leaving()}</div>`);
  }

  leaving() {
    const { going, count, due, days } = this.going;
    if (!count) return html`<section><h3>Scheduled for deletion</h3><p>Nothing. Intermediate steps go to the bin after ${days} days, unless they are favorites, have a tag, or were used in something you kept.</p></section>`;
    return html`<section><h3>Scheduled for deletion</h3><p>${count.toLocaleString()} intermediate ${count === 1 ? "step" : "steps"}. Each goes to the bin after ${days} days.
        ${due > 0 && html`<button type="button" class="step" data-do="sweep">${icon("trash")}Move the ${due.toLocaleString()} due now to the bin (${formatBytes(this.going.bytes)})</button>`}</p>
      <ul class="leaving">${going.map(({ asset, goes_at }) => html`<li data-asset="${asset.id}"><span class="face">${thumbnail(asset)}</span>
        <span><b>${asset.title}</b><small>due ${goes_at * 1000 <= Date.now() ? "now" : day.format(goes_at * 1000)}</small></span>
        <button type="button" class="step" data-do="keep" aria-label="Keep ${asset.title}">${icon("star")}Keep</button></li>`)}</ul></section>`;
  }

  /** @param {HTMLElement} target */
  async keep(target) {
    const { asset: id } = closest(target, "[data-asset]").dataset;
    try {
      emit("changed", { asset: await api.patch(`assets/${id}`, { favorite: true }) });
      this.going = await api.get("library/sweep");
      this.draw();
    } catch (error) { failed(error); }
  }

  async sweep() {
    try {
      const { done: gone } = await api.post("library/sweep");
      for (const id of gone) emit("changed", { asset: { id }, gone: true });
      toast(gone.length === 1 ? "1 file moved to the bin." : `${gone.length} files moved to the bin.`);
      this.open();
    } catch (error) { failed(error); }
  }
}
