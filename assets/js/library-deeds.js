// What can be done with everything chosen, in one bar at the foot of the wall.

import * as api from "./api.js";
import { compare } from "./compare.js";
import { say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { failed, toast } from "./toast.js";

const AT_ONCE = 500; // ids in one request
const comparable = new Set(["image", "clip"]);

const many = (number) => (number === 1 ? "1 file" : `${number.toLocaleString()} files`);

/** Do one thing to many; resolves to the ids for which it was done. What was refused is told in one sentence. */
export async function toMany(ids, deed, more = {}) {
  const done = [], refused = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const answer = await api.post("assets/many", { ids: ids.slice(at, at + AT_ONCE), do: deed, ...more });
    done.push(...answer.done);
    refused.push(...answer.refused);
  }
  if (refused.length) toast(`${many(refused.length)} stayed as before. ${refused[0].what}`, { bad: true });
  return done;
}

/** Save files as one ZIP. A form makes the browser stream it to the disk. */
function zip(ids, clean) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: "api/assets/zip", hidden: true });
  form.append(Object.assign(document.createElement("input"), { name: "ids", value: ids.join(",") }));
  if (clean) form.append(Object.assign(document.createElement("input"), { name: "clean", value: "true" }));
  document.body.append(form);
  form.submit();
  form.remove();
}

export class Deeds {
  constructor(root, library) {
    this.library = library;
    this.bar = root.querySelector(".deeds");
    const ids = () => library.chosen.list();
    doing(this.bar, {
      keep: () => this.keep(ids()),
      zip: () => (library.chosen.size > AT_ONCE ? toast(`A ZIP holds up to ${AT_ONCE} files: choose fewer.`, { bad: true })
        : zip(ids(), this.bar.querySelector("[name=clean]").checked)),
      remove: () => this.remove(ids()),
      restore: () => this.restore(ids()),
      compare: () => this.compare(),
      all: () => library.chosen.all(library.store),
      none: () => library.chosen.clear(),
    });
    this.bar.addEventListener("submit", (event) => { event.preventDefault(); this.tag(event.target); });
    this.bar.addEventListener("change", (event) => event.target.name === "move" && this.move(event.target));
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && library.chosen.clear());
  }

  // -- the bar

  draw() {
    const { chosen, store, filters } = this.library, number = chosen.size;
    this.bar.hidden = !number;
    this.library.root.classList.toggle("with-deeds", number > 0);
    if (!number) { fill(this.bar, ""); this.shape = ""; return; }
    const shape = `${filters.binned} ${this.pair().length}`;
    if (shape !== this.shape) { this.shape = shape; fill(this.bar, filters.binned ? this.inBin() : this.usual()); }
    this.bar.querySelector(".number").textContent = `${many(number)} chosen`;
    this.bar.querySelector("[data-do=all]").hidden = number >= store.length;
    this.bar.querySelector("[data-do=all]").textContent = `All ${store.length.toLocaleString()}`;
  }

  head() {
    return html`<button type="button" class="quiet" data-do="none" aria-label="Choose none" title="Choose none">${icon("x")}</button>
      <b class="number" role="status"></b><button type="button" class="step" data-do="all">All</button>`;
  }

  inBin() {
    return html`${this.head()}<button type="button" class="step first" data-do="restore">${icon("again")}Bring back</button>`;
  }

  usual() {
    const { projects, tags } = this.library.filters;
    return html`${this.head()}
      <button type="button" class="step" data-do="keep">${icon("star")}Favourite</button>
      ${this.pair().length === 2 && html`<button type="button" class="step first" data-do="compare">${icon("compare")}Compare</button>`}
      <form class="tagging"><input name="tag" list="library-tags" maxlength="40" autocomplete="off" placeholder="Add a tag" aria-label="Add a tag"><datalist id="library-tags">${tags.map((tag) => html`<option value="${tag}">`)}</datalist>
        <button type="submit" class="step" aria-label="Add the tag">${icon("tag")}</button></form>
      <label class="pick"><select name="move" aria-label="Move to a project"><option value="">Move to …</option><option value="own">My own work</option>
        ${projects.map((one) => html`<option value="${one.id}">${one.name}</option>`)}</select></label>
      <span class="zip"><button type="button" class="step" data-do="zip">${icon("down")}Download ZIP</button>
        <label title="Files are named after their project and say nothing of how they were made; what checks found stays here"><input type="checkbox" name="clean"> For clients (no prompts or check texts)</label></span>
      <button type="button" class="step" data-do="remove">${icon("trash")}Delete</button>`;
  }

  /** The two chosen things that can be compared, or nothing. */
  pair() {
    const { chosen, store } = this.library;
    if (chosen.size !== 2) return [];
    const two = chosen.list().map((id) => store.of(id)).filter((asset) => comparable.has(asset?.kind));
    return two.length === 2 && two[0].kind === two[1].kind ? two : [];
  }

  compare() { compare(this.library.root.querySelector(".comparing"), this.pair(), this.library.words); }

  // -- the deeds

  async all(ids, deed, more, then) {
    if (!ids.length) return;
    try {
      const done = await toMany(ids, deed, more);
      if (done.length) then(done);
    } catch (error) { failed(error); }
  }

  /** Favourites, unless all of them are already: then no more. */
  keep(ids) {
    const { store } = this.library;
    const kept = ids.every((id) => store.of(id)?.favourite);
    return this.all(ids, kept ? "unfavourite" : "favourite", {}, (done) => {
      for (const id of done) {
        const asset = store.of(id);
        if (asset) say("changed", { asset: { ...asset, favourite: !kept } });
      }
      if (ids.length > 1) toast(`${many(done.length)} ${kept ? "no longer a favourite" : "in your favourites"}.`);
    });
  }

  remove(ids) {
    return this.all(ids, "delete", {}, (done) => {
      this.library.chosen.clear();
      for (const id of done) say("changed", { asset: this.library.store.of(id) ?? { id }, gone: true });
      toast(`${many(done.length)} deleted.`, { act: { label: "Undo", run: () => this.restore(done) } });
    });
  }

  restore(ids) {
    return this.all(ids, "restore", {}, (done) => {
      this.library.chosen.clear();
      for (const id of done) say("changed", { asset: this.library.store.of(id) ?? { id }, back: true });
      toast(done.length === 1 ? "It is back." : `${many(done.length)} are back.`);
    });
  }

  tag(form) {
    const tag = form.tag.value.trim();
    if (!tag) return form.tag.focus();
    return this.all(this.library.chosen.list(), "tag", { tag }, (done) => {
      form.reset();
      toast(`${many(done.length)} tagged “${tag}”.`, { act: { label: "Undo", run: () => this.all(done, "untag", { tag }, () => this.again()) } });
      this.again();
    });
  }

  move(select) {
    const name = select.selectedOptions[0].textContent, project_id = select.value === "own" ? null : select.value;
    select.value = "";
    return this.all(this.library.chosen.list(), "move", { project_id }, (done) => {
      toast(`${many(done.length)} moved to ${name}.`);
      this.again();
    });
  }

  again() { this.library.touch(); this.library.filters.facets(); }
}
