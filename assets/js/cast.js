// The cast: everyone and everything that a prompt may name with @, as cards; each opens to be changed.

import * as api from "./api.js";
import { on } from "./bus.js";
import { Design } from "./cast-design.js";
import { Detail } from "./cast-detail.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { called } from "./loras-facts.js";

const signs = { character: "person", product: "box", place: "scene", style: "make" };

/** What stands for a member where it has no picture. */
const portrait = (member) => {
  const [first] = member.pictures;
  return first?.has_thumb ? html`<img src="${api.thumbOf(first.asset)}" alt="" loading="lazy" decoding="async" draggable="false">`
    : html`<span class="cast-sign">${icon(signs[member.kind])}${member.look}</span>`;
};

const number = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** What it has: its LoRAs by family, pictures, a voice. */
const has = (member) => [
  member.loras.length && `LoRA for ${member.loras.map((one) => called(one.family)).join(", ")}`,
  member.pictures.length && number(member.pictures.length, "picture"),
  member.voice && "a voice",
].filter(Boolean).join(" · ") || (member.look ? "words" : "only a name");

const card = (member) => html`<li><button type="button" class="cast-card" data-do="open" data-member="${member.id}">
  <span class="cast-face">${portrait(member)}</span><b>@${member.name}</b>
  <small>${member.kind}${!member.mine && ` of ${member.owner}`} · ${has(member)}</small></button></li>`;

export class Cast {
  constructor({ element, props }) {
    this.root = element.querySelector(".cast-page");
    this.members = [];
    const known = JSON.parse(props.value);
    this.detail = new Detail(this.root.querySelector(".cast-detail"), known.voices);
    this.design = new Design(this.root.querySelector(".cast-design"), (made) => this.detail.open(null, made));
    doing(this.root, {
      add: () => this.detail.open(null),
      design: () => this.design.open(),
      open: (target) => this.detail.open(this.members.find((one) => one.id === target.dataset.member)),
    });
    on("tab", (name) => name === "cast" && this.load());
    on("cast", () => this.load());
    on("changed", () => this.front && this.load()); // a picture may have come or gone
    if (this.front) this.load();
  }

  get front() { return document.body.dataset.tab === "cast"; }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    try {
      const members = await api.get("cast");
      if (turn === this.turn) this.draw(members);
    } catch (error) {
      fill(this.root.querySelector(".cast-end"), html`<p class="bare" role="alert">${error.message}</p>`);
    }
  }

  draw(members) {
    this.members = members;
    refill(this.root.querySelector(".cast-grid"), html`${members.map(card)}`);
    refill(this.root.querySelector(".cast-end"), members.length ? "" : html`<div class="teach">${icon("person")}
      <h2>Nobody is in the cast yet.</h2>
      <p>Give a character, a product, a place or a style one name, words for how it looks and some pictures. Then write
        “@Mara waits at the harbour”, with any model: it goes by her LoRA if there is one, by her pictures if it can look at
        them, and by her words if it cannot.</p>
      <button type="button" class="step first" data-do="design">${icon("make")}Design somebody</button>
      <button type="button" class="again" data-do="add">Or add somebody you have pictures of</button></div>`);
    this.root.classList.toggle("cast-empty", !members.length);
  }
}
