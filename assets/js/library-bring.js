// Bringing files in: dropped on the library or chosen, many at once, each with its progress or what is wrong with it.

import * as api from "./api.js";
import { say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { failed } from "./toast.js";
import { notes } from "./result.js";
import { bytes } from "./words.js";

const AT_ONCE = 2;

export class Bring {
  constructor(root) {
    this.root = root;
    this.panel = root.querySelector(".bringing");
    this.rows = [];
    this.input = root.querySelector(".files");
    this.input.addEventListener("change", () => { this.take([...this.input.files]); this.input.value = ""; });
    doing(this.panel, {
      shut: () => this.shut(),
      stop: (target) => this.stop(this.rows[Number(target.dataset.row)]),
    });
    this.panel.addEventListener("change", (event) => event.target.name === "source" && this.name(event.target.value.trim()));
    this.drops();
  }

  drops() {
    const files = (event) => event.dataTransfer.types.includes("Files");
    let depth = 0;
    const over = (on) => this.root.classList.toggle("over", on);
    this.root.addEventListener("dragenter", (event) => { if (files(event)) { depth += 1; over(true); } });
    this.root.addEventListener("dragleave", (event) => { if (files(event)) { depth -= 1; over(depth > 0); } });
    this.root.addEventListener("drop", (event) => {
      depth = 0;
      over(false);
      if (!files(event)) return;
      event.preventDefault();
      const folders = new Set([...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory).map((entry) => entry.name));
      this.take([...event.dataTransfer.files], folders);
    });
  }

  // -- the line of files

  take(files, folders = new Set()) {
    if (!files.length) return;
    if (this.idle) this.rows = [];
    for (const file of files) {
      const row = { file, state: "waiting", part: 0 };
      if (folders.has(file.name)) Object.assign(row, { state: "wrong", said: "This is a folder: drop the files in it." });
      this.rows.push(row);
    }
    this.draw();
    this.next();
  }

  get idle() { return this.rows.every((row) => row.state === "done" || row.state === "wrong"); }

  next() {
    const under = this.rows.filter((row) => row.state === "going").length;
    for (const row of this.rows.filter((one) => one.state === "waiting").slice(0, AT_ONCE - under)) this.send(row);
  }

  async send(row) {
    row.state = "going";
    row.sending = api.upload(row.file, project.id, (part) => { row.part = part; this.move(row); });
    this.draw();
    try {
      const asset = await row.sending.done;
      Object.assign(row, { state: "done", asset });
      if (this.source) await this.label(row);
      say("changed", { asset: row.asset, back: true });
    } catch (error) {
      Object.assign(row, { state: "wrong", said: error.message || "Stopped." });
    }
    this.draw();
    this.next();
  }

  stop(row) {
    if (row.state === "going") row.sending.stop();
    else Object.assign(row, { state: "wrong", said: "Stopped." });
    this.draw();
  }

  // -- where they are from

  name(source) {
    this.source = source;
    for (const row of this.rows) if (row.asset && !row.asset.deleted_at) this.label(row);
  }

  async label(row) {
    try { row.asset = await api.patch(`assets/${row.asset.id}`, { source: this.source || null }); } catch (error) { failed(error); }
  }

  // -- how it looks

  draw() {
    const focused = this.panel.contains(document.activeElement) && document.activeElement.name === "source";
    const typed = this.panel.querySelector("[name=source]")?.value ?? "";
    const done = this.rows.filter((row) => row.state === "done").length;
    this.panel.hidden = false;
    fill(this.panel, html`<header><h3>${this.idle ? `${done} of ${this.rows.length} brought in` : `Bringing in ${this.rows.length === 1 ? "1 file" : `${this.rows.length} files`}`}</h3>
        <button type="button" class="quiet" data-do="shut" aria-label="Close" ${this.idle ? "" : "disabled"}>${icon("x")}</button></header>
      <label>Where are they from? <input name="source" maxlength="200" placeholder="Optional: a client, a shoot, an archive" value="${typed}"></label>
      <p class="bare">They go to “${project.name}”.</p>
      <ul>${this.rows.map((row, number) => this.line(row, number))}</ul>`);
    if (focused) this.panel.querySelector("[name=source]").focus();
  }

  line(row, number) {
    return html`<li class="${row.state}"><span class="what"><b>${row.file.name}</b> <small>${bytes(row.file.size)}</small></span>
      ${row.state === "wrong" ? html`<p class="wrong" role="alert">${row.said}</p>` : row.state === "done" ? html`${icon("check")}${notes(row.asset)}`
        : html`<span class="meter" role="progressbar" aria-label="Upload of ${row.file.name}"><i style="width:${100 * row.part}%"></i></span>
          <button type="button" class="quiet" data-do="stop" data-row="${number}" aria-label="Stop ${row.file.name}">${icon("x")}</button>`}</li>`;
  }

  move(row) {
    const bar = this.panel.querySelectorAll("li")[this.rows.indexOf(row)]?.querySelector(".meter i");
    if (bar) bar.style.width = `${100 * row.part}%`;
  }

  shut() {
    this.panel.hidden = true;
    this.rows = [];
    this.source = "";
    fill(this.panel, "");
  }
}
