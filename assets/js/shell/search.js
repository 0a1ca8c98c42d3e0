// One search over everything: a dialog under the bar, with results grouped by kind as you type.

import * as api from "../core/api.js";
import { badgeList } from "../core/badges.js";
import { find, findAll, findField, html, onAction, query, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { addressOf, addressOfAll } from "./addresses.js";
import { openTab } from "./router.js";

/** @import { SearchGroup, SearchResult } from "../types/api.js" */

const PAUSE = 120; // ms after the last key before the search starts

/** @type {Record<SearchResult["kind"], string>} */
const signs = { project: "box", conversation: "pen", document: "document", cast: "person", recipe: "book", lora: "lora", lut: "lut", image: "image", clip: "clip", sound: "sound", subtitles: "subtitles" };

/** @param {HTMLElement} target */
const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=true]");

export class SearchDialog {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;
  /** @type {number} */
  turn;

  /**
   * ``root`` is the bar.
   * @param {HTMLElement} root
   */
  constructor(root) {
    this.dialog = find(root, ".finder", HTMLDialogElement);
    this.field = findField(this.dialog, "[name=everything]");
    this.list = find(this.dialog, "[role=listbox]");
    this.status = find(this.dialog, "[role=status]");
    this.turn = 0;
    this.at = -1; // the position of the marked result
    for (const opener of findAll(root, "[data-do=search]")) opener.insertAdjacentHTML("afterbegin", `${icon("search")}`);
    onAction(this.dialog, { shut: () => this.dialog.close() });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
      const link = /** @type {HTMLAnchorElement | null} */ (targetOf(event).closest("[role=option]"));
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation(); // the bar would open it as well
      this.open(link);
    });
    this.dialog.addEventListener("pointermove", (event) => {
      const link = /** @type {HTMLAnchorElement | null} */ (targetOf(event).closest("[role=option]"));
      if (link) this.mark(this.options.indexOf(link));
    });
    this.field.addEventListener("input", () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.find(), PAUSE); });
    this.field.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => this.anywhere(event));
  }

  /** @param {KeyboardEvent} event */
  anywhere(event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(targetOf(event))) return;
    if (document.body.dataset.tab === "library" || query(document, "dialog[open], :popover-open")) return; // it has its own search
    event.preventDefault();
    this.show();
  }

  show() {
    showModal(this.dialog);
    this.field.focus();
    this.field.select();
    this.find();
  }

  get options() { return findAll(this.list, "[role=option]", HTMLAnchorElement); }

  async find() {
    const turn = this.turn += 1, q = this.field.value.trim();
    if (!q) return this.draw([], q);
    try {
      const { groups } = await api.get(`search?${api.query({ q })}`);
      if (turn === this.turn) this.draw(groups, q);
    } catch (error) {
      if (turn !== this.turn) return;
      this.draw([], q);
      this.status.textContent = api.messageOf(error);
    }
  }

  /**
   * @param {SearchGroup[]} groups
   * @param {string} q
   */
  draw(groups, q) {
    let number = 0;
    /** @param {SearchResult} result */
    const row = (result) => html`<a role="option" tabindex="-1" id="found-${number++}" href="#${addressOf(result)}" aria-selected="false">
      <span class="face">${result.picture ? html`<img src="${api.thumbOf(result.picture)}" alt="" loading="lazy" decoding="async">` : icon(signs[result.kind])}</span>
      <span class="what"><b dir="auto">${result.title}</b>${result.note && html`<small>${result.note}</small>`}</span>${badgeList(result)}</a>`;
    /** @param {SearchGroup} group */
    const more = (group) => {
      const address = group.more && addressOfAll(group.kind, q);
      return address && html`<a role="option" tabindex="-1" id="found-${number++}" class="more" href="#${address}" aria-selected="false">All matching ${group.name.toLowerCase().replace("loras", "LoRAs")}</a>`;
    };
    render(this.list, html`${groups.map((group) => html`<div role="group" aria-label="${group.name}"><h3 aria-hidden="true">${group.name}</h3>${group.results.map(row)}${more(group)}</div>`)}`);
    this.list.hidden = !groups.length;
    this.field.setAttribute("aria-expanded", String(groups.length > 0));
    const count = groups.reduce((sum, group) => sum + group.results.length, 0);
    this.status.textContent = !q ? "Finds projects, conversations, documents, cast, recipes, LoRAs, pictures, clips and sounds."
      : count ? `${count} ${count === 1 ? "result" : "results"}` : "No matches. Try fewer words.";
    this.status.classList.toggle("visually-hidden", count > 0);
    this.mark(groups.length ? 0 : -1);
  }

  /** @param {number} at */
  mark(at) {
    this.at = at;
    this.options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    const marked = this.options[at];
    if (marked) this.field.setAttribute("aria-activedescendant", marked.id); else this.field.removeAttribute("aria-activedescendant");
    return marked;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    const { length } = this.options;
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (steps[event.key] && length) {
      event.preventDefault();
      this.mark((this.at + steps[event.key] + length) % length)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      const marked = this.options[this.at];
      if (marked) this.open(marked);
    }
  }

  /** @param {HTMLAnchorElement} link */
  open(link) {
    this.dialog.close();
    openTab(link.hash.slice(1));
  }
}
