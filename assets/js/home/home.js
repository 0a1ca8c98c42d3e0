// Home: a card for each medium, the newest assets of the current project, and an example while there are none.

import * as api from "../core/api.js";
import { badgeList, fullTitle } from "../core/badges.js";
import { emit, on } from "../core/bus.js";
import { dataOf, find, findAll, html, onAction, render, targetOf } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { project } from "../core/project.js";
import { thumbnail } from "../core/thumbnail.js";
import { failed } from "../core/toast.js";
import { slotFor } from "../form/slot.js";
import { submitBars } from "../form/submit-bar.js";
import { openTab } from "../shell/router.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

const SHOWN = 12;

export class HomePage {
  /** @param {Part} part */
  constructor({ element, props }) {
    this.root = find(element, ".home");
    this.example = JSON.parse(props.value);
    /** @type {AssetView[]} */
    this.made = [];
    for (const card of findAll(this.root, ".kind")) render(find(card, ".sign"), icon(dataOf(card).icon));
    onAction(this.root, {
      mine: () => this.mine(),
      look: (button) => emit("show", { asset: this.made.find((asset) => asset.id === dataOf(button).id) }),
    });
    this.root.addEventListener("click", (event) => {
      const link = /** @type {HTMLAnchorElement | null} */ (targetOf(event).closest("a[href^='#']"));
      if (!link) return;
      event.preventDefault();
      const [tab, task] = link.hash.slice(1).split("/");
      openTab(tab, task);
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
    find(this.root, ".lately").hidden = !this.made.length;
    find(this.root, ".example").hidden = this.made.some((asset) => asset.origin === "made");
    render(find(this.root, ".lately h3"), project.id ? html`<a href="#project">${project.name}</a>` : project.name);
    render(find(this.root, ".made"), html`${this.made.map((asset) => html`<li><button type="button" data-do="look" data-id="${asset.id}"
      aria-label="${fullTitle(asset)}, ${formatDate(asset.created_at)}"><span class="face">${thumbnail(asset)}${badgeList(asset, 3)}</span><b dir="auto">${asset.title}</b>
      <small>${asset.mine ? "" : `${asset.owner} · `}${formatDate(asset.created_at)}</small></button></li>`)}`);
  }

  /** Open the example's form, filled in and ready to submit. */
  async mine() {
    const { tab, task, sample, values } = this.example;
    try {
      await openTab(tab, task);
      const slot = slotFor("image");
      await slot?.bring(await api.sample(sample));
      await submitBars.get(task)?.fill({ values });
      submitBars.get(task)?.go.focus();
    } catch (error) { failed(error); }
  }
}
