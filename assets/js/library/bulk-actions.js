// Actions for all selected files, in a bar below the grid.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { fieldOf, fieldsOf, find, formOf, html, onAction, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, toast } from "../core/toast.js";
import { openViewer } from "../viewer/viewer.js";

/**
 * @import { Values } from "../types/page.js"
 * @import { LibraryPage } from "./library.js"
 */

const AT_ONCE = 500; // ids in one request
const comparable = new Set(["image", "clip"]);

/** @param {number} number */
const many = (number) => (number === 1 ? "1 file" : `${number.toLocaleString()} files`);

/**
 * Apply an action to many assets; resolves to the ids it was applied to. Refusals are reported in one notice.
 * @param {string[]} ids
 * @param {string} action
 * @param {Values} [more]
 */
export async function applyToMany(ids, action, more = {}) {
  const done = [], refused = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const answer = await api.post("assets/many", { ids: ids.slice(at, at + AT_ONCE), do: action, ...more });
    done.push(...answer.done);
    refused.push(...answer.refused);
  }
  if (refused.length) toast(`${many(refused.length)} unchanged. ${refused[0].what}`, { bad: true });
  return done;
}

/**
 * Download files as one ZIP. Submitting a form lets the browser stream it to disk; an error would replace the page, so
 * the studio is asked before whether it can be made.
 * @param {string[]} ids
 * @param {boolean} clean
 */
async function zip(ids, clean) {
  try { await api.post("assets/zip", { ids, clean, check: true }); } catch (error) { return failed(error); }
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: "api/assets/zip", hidden: true });
  form.append(Object.assign(document.createElement("input"), { name: "ids", value: ids.join(",") }));
  if (clean) form.append(Object.assign(document.createElement("input"), { name: "clean", value: "true" }));
  document.body.append(form);
  form.submit();
  form.remove();
}

export class BulkActions {
  /** @type {string} */
  shape;

  /**
   * @param {HTMLElement} root
   * @param {LibraryPage} library
   */
  constructor(root, library) {
    this.library = library;
    this.bar = find(root, ".bulk-actions");
    const ids = () => library.selection.list();
    onAction(this.bar, {
      keep: () => this.keep(ids()),
      zip: (button) => (library.selection.size > AT_ONCE ? toast(`A ZIP can hold up to ${AT_ONCE} files. Select fewer.`, { bad: true })
        : zip(ids(), "clean" in button.dataset)),
      remove: () => this.remove(ids()),
      restore: () => this.restore(ids()),
      compare: () => this.compare(),
      all: () => library.selection.all(library.store),
      none: () => library.selection.clear(),
    });
    this.bar.addEventListener("submit", (event) => { event.preventDefault(); this.tag(formOf(event)); });
    this.bar.addEventListener("change", (event) => fieldOf(event).name === "move" && this.move(/** @type {HTMLSelectElement} */ (event.target)));
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && library.selection.clear());
  }

  // -- the bar

  draw() {
    const { selection: chosen, store, filters } = this.library, number = chosen.size;
    this.bar.hidden = !number;
    this.library.root.classList.toggle("with-bulk-actions", number > 0);
    if (!number) { render(this.bar, ""); this.shape = ""; return; }
    const shape = `${filters.binned} ${this.pair().length}`;
    if (shape !== this.shape) { this.shape = shape; render(this.bar, filters.binned ? this.inBin() : this.usual()); }
    find(this.bar, ".number").textContent = `${many(number)} selected`;
    find(this.bar, "[data-do=all]", HTMLButtonElement).hidden = number >= store.length;
    find(this.bar, "[data-do=all]", HTMLButtonElement).textContent = `All ${store.length.toLocaleString()}`;
  }

  head() {
    return html`<button type="button" class="quiet" data-do="none" aria-label="Clear selection" title="Clear selection">${icon("x")}</button>
      <b class="number" role="status"></b><button type="button" class="step" data-do="all">All</button>`;
  }

  inBin() {
    return html`${this.head()}<button type="button" class="step first" data-do="restore">${icon("again")}Restore</button>`;
  }

  usual() {
    const { tags } = this.library.filters, projects = this.library.filters.projects.filter((one) => !one.archived);
    return html`${this.head()}
      <button type="button" class="step" data-do="keep">${icon("star")}Favorite</button>
      ${this.pair().length === 2 && html`<button type="button" class="step first" data-do="compare">${icon("compare")}Compare</button>`}
      <form class="tagging"><input name="tag" list="library-tags" maxlength="40" autocomplete="off" placeholder="Add a tag" aria-label="Add a tag"><datalist id="library-tags">${tags.map((tag) => html`<option value="${tag}">`)}</datalist>
        <button type="submit" class="step" aria-label="Add the tag">${icon("tag")}</button></form>
      <label class="pick"><select name="move" aria-label="Move to a project"><option value="">Move to …</option><option value="own">My own work</option>
        ${projects.map((one) => html`<option value="${one.id}">${one.name}</option>`)}</select></label>
      <button type="button" class="step" data-do="zip">${icon("down")}Download ZIP</button>
      <button type="button" class="step" data-do="zip" data-clean title="Without prompts, settings and check results, named after the project">${icon("down")}Download for client</button>
      <button type="button" class="step" data-do="remove">${icon("trash")}Delete</button>`;
  }

  /** The two selected assets if they can be compared, otherwise an empty list. */
  pair() {
    const { selection: chosen, store } = this.library;
    if (chosen.size !== 2) return [];
    const two = chosen.list().map((id) => store.of(id)).filter((asset) => asset !== undefined).filter((asset) => comparable.has(asset.kind));
    return two.length === 2 && two[0].kind === two[1].kind ? two : [];
  }

  compare() {
    const [before, after] = this.pair();
    openViewer({ ids: [after.id], id: after.id, against: before });
  }

  // -- actions

  /**
   * @param {string[]} ids
   * @param {string} action
   * @param {Values} more
   * @param {(done: string[]) => void} then
   */
  async all(ids, action, more, then) {
    if (!ids.length) return;
    try {
      const done = await applyToMany(ids, action, more);
      if (done.length) then(done);
    } catch (error) { failed(error); }
  }

  /**
   * Add to favorites, or remove if all are favorites already.
   * @param {string[]} ids
   */
  keep(ids) {
    const { store } = this.library;
    const allFavorites = ids.every((id) => store.of(id)?.favorite);
    return this.all(ids, allFavorites ? "unfavorite" : "favorite", {}, (done) => {
      for (const id of done) {
        const asset = store.of(id);
        if (asset) emit("changed", { asset: { ...asset, favorite: !allFavorites } });
      }
      if (ids.length > 1) toast(`${many(done.length)} ${allFavorites ? "removed from favorites" : "added to favorites"}.`);
    });
  }

  /** @param {string[]} ids */
  remove(ids) {
    return this.all(ids, "delete", {}, (done) => {
      this.library.selection.clear();
      for (const id of done) emit("changed", { asset: this.library.store.of(id) ?? { id }, gone: true });
      toast(`${many(done.length)} deleted.`, { act: { label: "Undo", run: () => this.restore(done) } });
    });
  }

  /** @param {string[]} ids */
  restore(ids) {
    return this.all(ids, "restore", {}, (done) => {
      this.library.selection.clear();
      for (const id of done) emit("changed", { asset: this.library.store.of(id) ?? { id }, back: true });
      toast(done.length === 1 ? "Restored." : `${many(done.length)} restored.`);
    });
  }

  /** @param {HTMLFormElement} form */
  tag(form) {
    const field = fieldsOf(form).tag, tag = field.value.trim();
    if (!tag) return field.focus();
    return this.all(this.library.selection.list(), "tag", { tag }, (done) => {
      form.reset();
      toast(`${many(done.length)} tagged “${tag}”.`, { act: { label: "Undo", run: () => this.all(done, "untag", { tag }, () => this.again()) } });
      this.again();
    });
  }

  /** @param {HTMLSelectElement} select */
  move(select) {
    const name = select.selectedOptions[0].textContent, project_id = select.value === "own" ? null : select.value;
    select.value = "";
    return this.all(this.library.selection.list(), "move", { project_id }, (done) => {
      toast(`${many(done.length)} moved to ${name}.`);
      this.again();
    });
  }

  again() { this.library.touch(); this.library.filters.facets(); }
}
