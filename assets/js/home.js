// Home: a card for each kind of thing to make, what the project in hand has lately, an example where there is nothing yet.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { open } from "./doors.js";
import { face, project } from "./film.js";
import { feet } from "./foot.js";
import { slotFor } from "./slot.js";
import { failed } from "./toast.js";
import { when } from "./words.js";

const SHOWN = 12;

export class Home {
  constructor({ element, props }) {
    this.root = element.querySelector(".home");
    this.example = JSON.parse(props.value);
    this.made = [];
    for (const card of this.root.querySelectorAll(".kind")) fill(card.querySelector(".sign"), icon(card.dataset.icon));
    doing(this.root, {
      mine: () => this.mine(),
      look: (button) => say("show", { asset: this.made.find((asset) => asset.id === button.dataset.id) }),
    });
    this.root.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      if (!link) return;
      event.preventDefault();
      open(...link.hash.slice(1).split("/"));
    });
    on("tab", (name) => name === "home" && this.load());
    on("project", () => this.load());
    on("finished", () => this.load());
    on("changed", () => this.load());
    this.load();
  }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    try {
      const page = await api.assets({ project_id: project.id ?? "own", limit: SHOWN });
      if (turn !== this.turn) return;
      this.made = page.assets;
    } catch { return; }
    this.root.querySelector(".lately").hidden = !this.made.length;
    this.root.querySelector(".example").hidden = this.made.some((asset) => asset.origin === "made");
    this.root.querySelector(".lately h3").textContent = project.name;
    fill(this.root.querySelector(".made"), html`${this.made.map((asset) => html`<li><button type="button" data-do="look" data-id="${asset.id}"
      aria-label="${asset.title}, ${when(asset.created_at)}"><span class="face">${face(asset)}</span><b>${asset.title}</b>
      <small>${asset.mine ? "" : `${asset.owner} · `}${when(asset.created_at)}</small></button></li>`)}`);
  }

  /** The example's form, filled: one press makes it. */
  async mine() {
    const { tab, task, sample, values } = this.example;
    try {
      await open(tab, task);
      const slot = slotFor("image");
      await slot?.bring(await api.sample(sample));
      await feet.get(task)?.fill({ values });
      feet.get(task)?.go.focus();
    } catch (error) { failed(error); }
  }
}
