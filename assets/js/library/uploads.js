// Upload files dropped on the library or chosen, each with its progress or error.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { dataOf, fieldOf, find, findField, html, onAction, query, queryField, render } from "../core/dom.js";
import { carriesFiles, transferOf } from "../core/drag.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { failed } from "../core/toast.js";
import { notesList } from "../stage/result.js";

/** @import { AssetView } from "../types/api.js" */

/**
 * @typedef {object} Row a file being uploaded
 * @property {File} file
 * @property {"waiting" | "going" | "done" | "wrong"} state
 * @property {number} part uploaded, 0..1
 * @property {string} [said] the error
 * @property {AssetView} [asset]
 * @property {import("../core/api.js").Upload<AssetView>} [sending]
 */

const AT_ONCE = 2;

export class Uploads {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.panel = find(root, ".bringing");
    /** @type {Row[]} */
    this.rows = [];
    this.input = find(root, ".files", HTMLInputElement);
    this.input.addEventListener("change", () => { this.take([...this.input.files ?? []]); this.input.value = ""; });
    onAction(this.panel, {
      shut: () => this.shut(),
      cancel: (target) => this.cancel(this.rows[Number(dataOf(target).row)]),
    });
    this.panel.addEventListener("change", (event) => fieldOf(event).name === "source" && this.name(fieldOf(event).value.trim()));
    this.drops();
  }

  drops() {
    let depth = 0;
    /** @param {boolean} on */
    const over = (on) => this.root.classList.toggle("over", on);
    this.root.addEventListener("dragenter", (event) => { if (carriesFiles(event)) { depth += 1; over(true); } });
    this.root.addEventListener("dragleave", (event) => { if (carriesFiles(event)) { depth -= 1; over(depth > 0); } });
    this.root.addEventListener("drop", (event) => {
      depth = 0;
      over(false);
      if (!carriesFiles(event)) return;
      event.preventDefault();
      const folders = new Set([...transferOf(event).items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory).map((entry) => entry?.name));
      this.take([...transferOf(event).files], folders);
    });
  }

  // -- the list of files

  /** @param {File[]} files */
  take(files, folders = new Set()) {
    if (!files.length) return;
    if (this.idle) this.rows = [];
    for (const file of files) {
      /** @type {Row} */
      const row = { file, state: "waiting", part: 0 };
      if (folders.has(file.name)) Object.assign(row, { state: "wrong", said: "This is a folder. Drop the files inside it instead." });
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

  /** @param {Row} row */
  async send(row) {
    row.state = "going";
    row.sending = api.upload(row.file, project.id, (part) => { row.part = part; this.move(row); });
    this.draw();
    try {
      const asset = await row.sending.done;
      Object.assign(row, { state: "done", asset });
      if (this.source) await this.label(row);
      emit("changed", { asset: row.asset ?? asset, back: true });
    } catch (error) {
      Object.assign(row, { state: "wrong", said: api.messageOf(error) || "Canceled." });
    }
    this.draw();
    this.next();
  }

  /** @param {Row} row */
  cancel(row) {
    if (row.state === "going") row.sending?.stop();
    else Object.assign(row, { state: "wrong", said: "Canceled." });
    this.draw();
  }

  // -- their source

  /** @param {string} source */
  name(source) {
    this.source = source;
    for (const row of this.rows) if (row.asset && !row.asset.deleted_at) this.label(row);
  }

  /** @param {Row} row */
  async label(row) {
    try { row.asset = await api.patch(`assets/${row.asset?.id}`, { source: this.source || null }); } catch (error) { failed(error); }
  }

  // -- display

  draw() {
    const focused = document.activeElement instanceof HTMLInputElement && this.panel.contains(document.activeElement) && document.activeElement.name === "source";
    const typed = queryField(this.panel, "[name=source]")?.value ?? "";
    const done = this.rows.filter((row) => row.state === "done").length;
    this.panel.hidden = false;
    render(this.panel, html`<header><h3>${this.idle ? `${done} of ${this.rows.length} uploaded` : `Uploading ${this.rows.length === 1 ? "1 file" : `${this.rows.length} files`}`}</h3>
        <button type="button" class="quiet" data-do="shut" aria-label="Close" ${this.idle ? "" : "disabled"}>${icon("x")}</button></header>
      <label>Source <input name="source" maxlength="200" placeholder="Optional: a client, a shoot, an archive" value="${typed}"></label>
      <p class="bare">Uploaded to “${project.name}”.</p>
      <ul>${this.rows.map((row, number) => this.line(row, number))}</ul>`);
    if (focused) findField(this.panel, "[name=source]").focus();
  }

  /**
   * @param {Row} row
   * @param {number} number
   */
  line(row, number) {
    return html`<li class="${row.state}"><span class="what"><b>${row.file.name}</b> <small>${formatBytes(row.file.size)}</small></span>
      ${row.state === "wrong" ? html`<p class="wrong" role="alert">${row.said}</p>` : row.state === "done" ? html`${icon("check")}${row.asset && notesList(row.asset)}`
        : html`<span class="meter" role="progressbar" aria-label="Upload of ${row.file.name}"><i style="width:${100 * row.part}%"></i></span>
          <button type="button" class="quiet" data-do="cancel" data-row="${number}" aria-label="Cancel ${row.file.name}">${icon("x")}</button>`}</li>`;
  }

  /** @param {Row} row */
  move(row) {
    const bar = query(this.panel, `li:nth-child(${this.rows.indexOf(row) + 1}) .meter i`);
    if (bar) bar.style.width = `${100 * row.part}%`;
  }

  shut() {
    this.panel.hidden = true;
    this.rows = [];
    this.source = "";
    render(this.panel, "");
  }
}
