// One thing, large, with all that is known of it: how it was made, from what, what was made of it, what can be done with it.

import * as api from "./api.js";
import { actions, handlers, remove, restore } from "./actions.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { face } from "./film.js";
import { told as toldOfLora, words as triggers } from "./loras-facts.js";
import { story } from "./library-story.js";
import { comparing, notes, result } from "./result.js";
import { failed, toast } from "./toast.js";
import { bytes, capital, facts, kinds, when } from "./words.js";

const SWIPE = 60; // px
const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, video, audio");

const relatives = (title, assets) => assets.length > 0 && html`<h3>${title}</h3><div class="family">${assets.map((one) =>
  html`<button type="button" class="parent" data-do="walk" data-asset="${one.id}" title="${one.title}" aria-label="${one.title}"><span class="face">${face(one)}</span><span>${one.title}</span></button>`)}</div>`;

export class Detail {
  constructor(dialog, store, words) {
    Object.assign(this, { dialog, store, words, projects: [] });
    this.turned = () => {}; // told when another thing is wanted: (id or null, "push" or "replace")
    comparing(dialog);
    doing(dialog, {
      ...handlers(() => this.asset, () => dialog.close()),
      remove: () => remove(this.asset),
      shut: () => dialog.close(),
      walk: (target) => this.turned(target.dataset.asset, "replace"),
      before: () => this.turn(-1),
      after: () => this.turn(1),
      restore: () => { restore(this.asset); dialog.close(); },
      untag: (target) => this.change({ tags: this.asset.tags.filter((tag) => tag !== target.dataset.tag) }),
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => { fill(dialog, ""); this.asset = null; this.turned(null, "replace"); }); // a clip must not play on unseen
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("change", (event) => this.edited(event.target));
    dialog.addEventListener("submit", (event) => { event.preventDefault(); this.tag(event.target); });
    this.swiping();
    on("changed", ({ asset, gone }) => this.heard(asset, gone));
  }

  // -- which one

  async show(asset) {
    const again = this.asset?.id === asset.id;
    this.asset = asset;
    if (!again) this.family = { parents: [], children: [] };
    this.draw();
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.dialog.focus(); // not its first field: the arrows lead on
    }
    if (again) return;
    const family = await api.get(`assets/${asset.id}/family`).catch(() => null);
    if (!family || this.asset?.id !== asset.id) return;
    this.family = family;
    if (family.parents.length || family.children.length) this.draw();
  }

  shut() { if (this.dialog.open) this.dialog.close(); }

  /** The list behind it is another one now. */
  found() { if (this.asset) this.ends(); }

  turn(by) {
    const place = this.store.place(this.asset?.id);
    const next = place < 0 ? null : this.store.ids[place + by];
    if (!next) return;
    this.store.need(Math.max(0, place - 4), place + 5);
    this.turned(next, "replace");
  }

  ends() {
    const place = this.store.place(this.asset.id);
    const buttons = { before: place > 0, after: place >= 0 && place < this.store.length - 1 };
    for (const [name, there] of Object.entries(buttons)) this.dialog.querySelector(`[data-do=${name}]`).hidden = !there;
  }

  heard(asset, gone) {
    if (!this.asset || asset?.id !== this.asset.id) return;
    if (gone) this.leave();
    else if (asset.title !== undefined) { this.asset = asset; this.draw(); }
  }

  /** It was deleted: on to the next one, or back to the wall. */
  leave() {
    const place = this.store.place(this.asset.id);
    const next = place < 0 ? null : this.store.ids[place + 1] ?? this.store.ids[place - 1];
    if (next) this.turned(next, "replace");
    else this.dialog.close();
  }

  // -- how it looks

  draw() {
    const { asset } = this, binned = Boolean(asset.deleted_at);
    const held = this.dialog.querySelector(".about")?.scrollTop, focus = document.activeElement?.dataset?.focus;
    const view = `${asset.id} ${this.before()?.id ?? ""}`;
    if (this.viewed !== view || !this.dialog.querySelector(".sheet")) {
      this.viewed = view;
      fill(this.dialog, html`<div class="sheet"><div class="view">${binned ? html`<span class="face large">${face(asset)}</span>` : result(asset, this.before())}
        <button type="button" class="turn left" data-do="before" aria-label="The one before">‹</button>
        <button type="button" class="turn right" data-do="after" aria-label="The next one">›</button></div><div class="about"></div></div>`);
    }
    const about = this.dialog.querySelector(".about");
    fill(about, html`<button type="button" class="quiet shut" data-do="shut" aria-label="Close" data-focus="shut">${icon("x")}</button>
      ${this.head(asset)}${binned ? this.binned() : actions(asset, this.words.tasks)}
      ${!binned && asset.mine && this.file(asset)}
      ${asset.kind === "lora" && toldOfLora(asset)}${story(asset, this.words)}${relatives("Made from", this.family.parents)}${relatives("Made of it", this.family.children)}`);
    if (held) about.scrollTop = held;
    if (focus) about.querySelector(`[data-focus="${focus}"]`)?.focus();
    this.ends();
  }

  before() {
    const [parent] = this.family.parents;
    return this.asset.kind === "image" && parent && !parent.deleted_at ? parent : null;
  }

  head(asset) {
    return html`${asset.mine && !asset.deleted_at ? html`<input class="title" name="title" maxlength="200" value="${asset.title}" aria-label="Title" data-focus="title">` : html`<h2>${asset.title}</h2>`}
      <p class="note">${capital(kinds[asset.kind] ?? asset.kind)} · ${[facts(asset), bytes(asset.bytes)].filter(Boolean).join(" · ")}${asset.kind === "image" && !asset.deleted_at && html` · <a href="${api.fileOf(asset.id)}" target="_blank" rel="noopener" class="full-size">Full size</a>`}<br>
        ${asset.origin === "upload" ? "Brought in" : "Made"} ${when(asset.created_at)} by ${asset.mine ? "you" : asset.owner}${!asset.mine && asset.source && html`<br>From ${asset.source}`}</p>${notes(asset)}`;
  }

  binned() {
    return html`<p class="bare">It is in the bin, and stays there for 30 days.</p>
      <div class="steps"><button type="button" class="step first" data-do="restore">${icon("again")}Bring it back</button></div>`;
  }

  /** What its person may change: tags, project, where it is from. */
  file(asset) {
    return html`<div class="filing"><div class="tags">${asset.tags.map((tag) => html`<span class="tagged">${tag}
        <button type="button" data-do="untag" data-tag="${tag}" aria-label="Take the tag ${tag} off">${icon("x")}</button></span>`)}
      <form><input name="tag" list="detail-tags" maxlength="40" autocomplete="off" placeholder="Add a tag" aria-label="Add a tag" data-focus="tag"><datalist id="detail-tags">${(this.tags ?? []).map((tag) => html`<option value="${tag}">`)}</datalist></form></div>
      <label>Project <select name="project" data-focus="project"><option value="">My own work</option>
        ${this.projects.map((one) => html`<option value="${one.id}" ${one.id === asset.project_id ? "selected" : ""}>${one.name}</option>`)}</select></label>
      <label>Where it is from <input name="source" maxlength="200" value="${asset.source ?? ""}" placeholder="A client, a shoot, an archive" data-focus="source"></label></div>`;
  }

  // -- changing it

  async change(values) {
    const { id } = this.asset;
    try { say("changed", { asset: await api.patch(`assets/${id}`, values) }); } catch (error) {
      failed(error);
      if (this.asset?.id === id) this.draw(); // as it was
    }
  }

  edited(field) {
    if (field.name === "title") {
      if (field.value.trim()) this.change({ title: field.value.trim() });
      else field.value = this.asset.title;
    }
    if (field.name === "source") this.change({ source: field.value.trim() || null });
    if (field.name === "triggers") this.change({ triggers: triggers(field.value) });
    if (field.name === "project") this.change({ project_id: field.value || null });
  }

  tag(form) {
    const tag = form.tag.value.trim();
    if (!tag) return;
    if (this.asset.tags.includes(tag)) { form.reset(); return toast(`It has the tag “${tag}” already.`); }
    this.change({ tags: [...this.asset.tags, tag] });
  }

  // -- keys and fingers

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const keys = {
      ArrowLeft: () => this.turn(-1), ArrowRight: () => this.turn(1),
      f: () => this.press("keep"), Delete: () => this.press("remove"), Backspace: () => this.press("remove"),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  }

  press(name) { this.dialog.querySelector(`.about [data-do=${name}]`)?.click(); }

  swiping() {
    let from = null;
    this.dialog.addEventListener("touchstart", (event) => {
      const [finger, second] = event.touches;
      from = !second && event.target.closest(".view") && !event.target.closest("input, video, audio, button") ? finger : null;
    }, { passive: true });
    this.dialog.addEventListener("touchend", (event) => {
      const to = event.changedTouches[0];
      if (!from) return;
      const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
      from = null;
      if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.turn(x < 0 ? 1 : -1);
    }, { passive: true });
  }
}
