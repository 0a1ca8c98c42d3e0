// Space and bin: who and what takes how much room, and what would go to the bin by itself, with *Keep* on each.

import * as api from "./api.js";
import { say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { face } from "./film.js";
import { showModal } from "./layers.js";
import { failed, toast } from "./toast.js";
import { bytes } from "./words.js";

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });

const shares = (title, rows, most) => rows.length > 0 && html`<section><h3>${title}</h3><dl class="shares">${rows.map((row) =>
  html`<dt>${row.name}</dt><dd><span class="meter" aria-hidden="true"><i style="width:${(100 * row.bytes / most).toFixed(1)}%"></i></span>
    <span>${bytes(row.bytes)} <small>${row.count.toLocaleString()} ${row.count === 1 ? "file" : "files"}</small></span></dd>`)}</dl></section>`;

export class Space {
  constructor(dialog) {
    this.dialog = dialog;
    doing(dialog, {
      shut: () => dialog.close(),
      keep: (target) => this.keep(target),
      sweep: () => this.sweep(),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => fill(dialog, ""));
  }

  async open() {
    fill(this.dialog, html`<div class="room"><p class="bare">Counting …</p></div>`);
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
    const bySize = (rows) => rows.filter((row) => row.bytes).sort((a, b) => b.bytes - a.bytes);
    const most = Math.max(1, ...people.map((row) => row.bytes), ...projects.map((row) => row.bytes));
    fill(this.dialog, html`<div class="room"><header><h2>Space and bin</h2>
        <button type="button" class="quiet shut" data-do="shut" aria-label="Close">${icon("x")}</button></header>
      <p class="disk"><span><b>${bytes(free)} free</b> of ${bytes(disk)}; the library takes ${bytes(total)}.</span>
        <span class="meter" aria-hidden="true"><i style="width:${(100 * (1 - free / disk)).toFixed(1)}%"></i></span></p>
      <div class="columns">${shares("By person", bySize(people), most)}${shares("By project", bySize(projects), most)}</div>
      <section><h3>In your bin</h3><p>${bin.count ? html`${bin.count.toLocaleString()} ${bin.count === 1 ? "file" : "files"}, ${bytes(bin.bytes)}. Each goes for good 30 days after it was deleted.` : "Nothing. What you delete waits there for 30 days."}
        ${bin.count > 0 && html`<a href="#library?show=deleted" data-do="shut">Look into it</a>`}</p></section>
      ${this.leaving()}</div>`);
  }

  leaving() {
    const { going, count, due, days } = this.going;
    if (!count) return html`<section><h3>What would go</h3><p>Nothing. Steps on the way to something else go to the bin after ${days} days, unless they are a favourite, have a tag, or became part of something you kept.</p></section>`;
    return html`<section><h3>What would go</h3><p>${count.toLocaleString()} unkept ${count === 1 ? "step" : "steps"} on the way to something else; each goes to the bin after ${days} days.
        ${due > 0 && html`<button type="button" class="step" data-do="sweep">${icon("trash")}Put ${due === 1 ? "the 1" : `the ${due.toLocaleString()}`} due now into the bin (${bytes(this.going.bytes)})</button>`}</p>
      <ul class="leaving">${going.map(({ asset, goes_at }) => html`<li data-asset="${asset.id}"><span class="face">${face(asset)}</span>
        <span><b>${asset.title}</b><small>goes ${goes_at * 1000 <= Date.now() ? "now" : day.format(goes_at * 1000)}</small></span>
        <button type="button" class="step" data-do="keep" aria-label="Keep ${asset.title}">${icon("star")}Keep</button></li>`)}</ul></section>`;
  }

  async keep(target) {
    const { asset: id } = target.closest("[data-asset]").dataset;
    try {
      say("changed", { asset: await api.patch(`assets/${id}`, { favourite: true }) });
      this.going = await api.get("library/sweep");
      this.draw();
    } catch (error) { failed(error); }
  }

  async sweep() {
    try {
      const { done: gone } = await api.post("library/sweep");
      for (const id of gone) say("changed", { asset: { id }, gone: true });
      toast(gone.length === 1 ? "1 file is in the bin." : `${gone.length} files are in the bin.`);
      this.open();
    } catch (error) { failed(error); }
  }
}
