// The cast: everyone and everything a prompt can name with @, as cards that open for editing.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { dataOf, find, html, onAction, render, renderChanged } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/toast.js";
import { familyName } from "../loras/facts.js";
import { setAddress } from "../shell/router.js";
import { DesignDialog } from "./design.js";
import { CastMemberDialog } from "./detail.js";

/**
 * @import { CastView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

const ADDRESS = /^#cast\?member=([0-9a-f]{32})$/;

const signs = { character: "person", product: "box", place: "scene", style: "make" };

/**
 * The picture of a member, or an icon if it has none.
 * @param {CastView} member
 */
const portrait = (member) => {
  const [first] = member.pictures;
  return first?.has_thumb ? html`<img src="${api.thumbOf(first.asset)}" alt="" loading="lazy" decoding="async" draggable="false">`
    : html`<span class="cast-sign">${icon(signs[member.kind])}${member.look}</span>`;
};

/**
 * @param {number} count
 * @param {string} noun
 */
const number = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * What a member has: LoRAs by family, pictures, a voice.
 * @param {CastView} member
 */
const has = (member) => [
  member.loras.length && `LoRA for ${member.loras.map((one) => familyName(one.family)).join(", ")}`,
  member.pictures.length && number(member.pictures.length, "picture"),
  member.voice && "a voice",
].filter(Boolean).join(" · ") || (member.look ? "description" : "only a name");

/** @param {CastView} member */
const card = (member) => html`<li><button type="button" class="cast-card" data-do="open" data-member="${member.id}">
  <span class="cast-face">${portrait(member)}</span><b>@${member.name}</b>
  <small>${member.kind}${!member.mine && ` of ${member.owner}`} · ${has(member)}</small></button></li>`;

export class CastPage {
  /** @param {Part} part */
  constructor({ element, props }) {
    this.root = find(element, ".cast-page");
    /** @type {CastView[]} */
    this.members = [];
    const known = JSON.parse(props.value);
    this.detail = new CastMemberDialog(find(this.root, ".cast-detail", HTMLDialogElement), known.voices);
    this.design = new DesignDialog(find(this.root, ".cast-design", HTMLDialogElement), (made) => this.detail.open(null, made));
    onAction(this.root, {
      add: () => this.detail.open(null),
      design: () => this.design.open(),
      open: (target) => this.detail.open(this.members.find((one) => one.id === dataOf(target).member) ?? null),
    });
    on("tab", (name) => { if (name === "cast") { this.load(); this.arrive(); } });
    on("cast", () => this.load());
    on("changed", () => this.front && this.load()); // a picture may have been added or deleted
    if (this.front) { this.load(); this.arrive(); }
  }

  get front() { return document.body.dataset.tab === "cast"; }

  /** Open the member that the address names. */
  async arrive() {
    const id = ADDRESS.exec(location.hash)?.[1];
    if (!id) return;
    setAddress("cast", "replace");
    try { this.detail.open(await api.get(`cast/${id}`)); } catch (error) { failed(error); }
  }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    try {
      const members = await api.get("cast");
      if (turn === this.turn) this.draw(members);
    } catch (error) {
      render(find(this.root, ".cast-end"), html`<p class="bare" role="alert">${api.messageOf(error)}</p>`);
    }
  }

  /** @param {CastView[]} members */
  draw(members) {
    this.members = members;
    renderChanged(find(this.root, ".cast-grid"), html`${members.map(card)}`);
    renderChanged(find(this.root, ".cast-end"), members.length ? "" : html`<div class="teach">${icon("person")}
      <h2>Your cast is empty.</h2>
      <p>Give a character, a product, a place or a style a name, a description and some pictures. Then write
        “@Mara waits at the harbor” with any model: it uses her LoRA if there is one, otherwise her pictures, otherwise
        her description.</p>
      <button type="button" class="step first" data-do="design">${icon("make")}Create someone new</button>
      <button type="button" class="again" data-do="add">Or add someone from photos</button></div>`);
    this.root.classList.toggle("cast-empty", !members.length);
  }
}
