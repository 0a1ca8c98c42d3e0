// The library: everything made and brought in, newest first; one thing opened beside it with how it was made.

import * as api from "./api.js";
import { buttons, handlers, restore } from "./actions.js";
import { on } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { face, project } from "./film.js";
import { comparing, result } from "./result.js";
import { bytes, capital, facts, kinds, when } from "./words.js";

const PAGE = 60;

const tile = (asset) => html`<li><button type="button" class="tile ${asset.kind}" data-asset="${asset.id}" aria-label="${capital(kinds[asset.kind])}: ${asset.title}, ${when(asset.created_at)}">
  <span class="pic">${face(asset)}${asset.kind !== "image" && html`<em>${icon(asset.kind)}${facts(asset).split(" · ").find((fact) => / (s|min|h)$/.test(fact)) ?? ""}</em>`}</span>
  <span class="name">${asset.title}</span><span class="note">${when(asset.created_at)}${!asset.mine && html` · ${asset.owner}`}</span></button></li>`;

export class Library {
  constructor({ element, props }) {
    this.root = element.querySelector(".library");
    this.grid = this.root.querySelector(".grid");
    this.end = this.root.querySelector(".end");
    this.detail = this.root.querySelector("dialog");
    this.labels = JSON.parse(props.value);
    this.root.querySelector(".filters").addEventListener("change", () => this.reload());
    this.grid.addEventListener("click", (event) => this.pick(event));
    comparing(this.detail);
    doing(this.detail, {
      ...handlers(() => this.asset, () => this.detail.close()),
      shut: () => this.detail.close(),
      parent: (target) => this.openId(target.dataset.asset),
      copy: (target) => navigator.clipboard?.writeText(target.dataset.text),
    });
    this.detail.addEventListener("click", (event) => event.target === this.detail && this.detail.close());
    this.detail.addEventListener("close", () => fill(this.detail, "")); // a clip must not play on unseen
    new IntersectionObserver((seen) => seen[0].isIntersecting && this.more(), { rootMargin: "600px" }).observe(this.end);
    on("tab", (name) => name === "library" && this.stale && this.reload());
    on("project", () => this.reload());
    on("finished", () => this.touch());
    on("changed", () => this.touch());
    this.reload();
  }

  get front() { return document.body.dataset.tab === "library"; }

  touch() { if (this.front) this.reload(); else this.stale = true; }

  choice(name) { return this.root.querySelector(`[name="${name}"]:checked`)?.value ?? this.root.querySelector(`[name="${name}"]`)?.value ?? ""; }

  reload() {
    this.stale = false;
    this.after = undefined;
    this.turn = (this.turn ?? 0) + 1;
    this.known = new Map();
    this.more();
  }

  async more() {
    if (this.loading === this.turn || this.after === null) return;
    const turn = this.loading = this.turn;
    const [kind, scope, state] = [this.choice("kind"), this.choice("scope"), this.choice("state")];
    const deleted = state === "deleted";
    try {
      const page = await api.assets({
        kind, limit: PAGE, after: this.after, deleted: deleted || "", project_id: scope === "project" ? project.id ?? "own" : "",
        origin: state === "deleted" ? "" : state,
      });
      if (turn !== this.turn) return;
      const fresh = page.assets.filter((asset) => !this.known.has(asset.id));
      const first = this.known.size === 0;
      for (const asset of fresh) this.known.set(asset.id, asset);
      this.after = page.next ?? null;
      this.draw(fresh, first, deleted);
    } catch (error) {
      fill(this.end, html`<span class="bare">${error.message}</span>`);
    } finally {
      if (this.loading === turn) this.loading = null;
    }
    if (this.after && this.end.getBoundingClientRect().top < innerHeight + 600 && this.front) this.more();
  }

  draw(fresh, first, deleted) {
    const tiles = document.createElement("template");
    fill(tiles, html`${fresh.map(tile)}`);
    if (first) this.grid.replaceChildren();
    this.grid.append(tiles.content);
    const words = deleted ? ["Nothing was deleted lately.", "What you delete waits here for a while and can be brought back."]
      : ["Nothing here yet.", "What you make or bring in is kept here, with how it was made."];
    fill(this.end, this.known.size || this.after ? "" : html`<div class="teach">${icon("library")}<h2>${words[0]}</h2><p>${words[1]}</p></div>`);
  }

  // -- one thing

  pick(event) {
    const id = event.target.closest("[data-asset]")?.dataset.asset;
    if (id) this.open(this.known.get(id));
  }

  async openId(id) {
    try { this.open(await api.asset(id)); } catch { /* gone: stay where we are */ }
  }

  async open(asset) {
    if (asset.deleted_at) return void await restore(asset);
    this.asset = asset;
    const parents = (await Promise.all(asset.parents.map((id) => api.asset(id).catch(() => null)))).filter(Boolean);
    const before = asset.kind === "image" ? parents[0] : null;
    fill(this.detail, html`<div class="sheet"><div class="view">${result(asset, before)}</div>
      <div class="about">
        <button type="button" class="quiet shut" data-do="shut" aria-label="Close">${icon("x")}</button>
        <h2>${asset.title}</h2>
        <p class="note">${capital(kinds[asset.kind])} · ${[facts(asset), bytes(asset.bytes)].filter(Boolean).join(" · ")}<br>
          ${asset.origin === "upload" ? "Brought in" : "Made"} ${when(asset.created_at)} by ${asset.mine ? "you" : asset.owner}</p>
        ${buttons(asset)}${this.story(asset)}
        ${parents.length > 0 && html`<h3>Made from</h3><div class="parents">${parents.map((one) =>
          html`<button type="button" class="parent" data-do="parent" data-asset="${one.id}"><span class="face">${face(one)}</span>${one.title}</button>`)}</div>`}
      </div></div>`);
    if (!this.detail.open) this.detail.showModal();
  }

  /** How it was made, in the words of the form that made it. */
  story(asset) {
    const request = asset.provenance?.request;
    if (!request) return "";
    const labels = this.labels[request.task] ?? { fields: {} };
    const rows = Object.entries(labels.fields)
      .filter(([name]) => request[name] !== null && request[name] !== undefined && request[name] !== "")
      .map(([name, { label, unit, values }]) => [label, `${values?.[request[name]] ?? this.said(request[name])}${unit ? ` ${unit}` : ""}`]);
    return html`<h3>How it was made</h3><dl><dt>What</dt><dd>${labels.name ?? request.task}</dd>
      ${rows.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}
      <dt>Model</dt><dd>${this.labels.models?.[asset.provenance.model?.id] ?? asset.provenance.model?.id}</dd></dl>`;
  }

  said(value) { return value === true ? "yes" : value === false ? "no" : value; }
}
