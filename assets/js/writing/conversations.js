// The list of conversations: newest first, with search, of the current project or all.

import * as api from "../core/api.js";
import { dataOf, find, findAll, findField, html, onAction, query, render } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";

/** @import { ConversationView, ConversationDetail } from "../types/api.js" */

export class ConversationList {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;
  /** @type {ReturnType<typeof setTimeout>} */
  touched;
  /** @type {string | undefined} */
  here;
  /** @type {string | null} */
  next;
  /** @type {number} */
  turn;

  /**
   * ``open(id)`` shows a conversation; ``gone(id)`` is called when one was deleted.
   * @param {HTMLElement} root
   * @param {{ open: (id: string) => void, gone: (id: string) => void }} options
   */
  constructor(root, { open, gone }) {
    this.root = root;
    this.open = open;
    this.gone = gone;
    this.list = find(root, ".list");
    this.end = find(root, ".end");
    this.search = findField(root, "[type=search]");
    this.scope = find(root, "select", HTMLSelectElement);
    /** @type {ConversationView[]} */
    this.talks = [];
    onAction(this.list, { open: (row) => this.open(dataOf(row).id) });
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.load(), 200);
    });
    this.scope.addEventListener("change", () => this.load());
    new IntersectionObserver((seen) => seen[0].isIntersecting && this.next && this.load(this.next), { root, rootMargin: "300px" })
      .observe(this.end);
  }

  /** Reload the list, or load its next part. */
  async load(after = "") {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const scope = this.scope.value === "project" ? project.id ?? "own" : "";
    try {
      const page = await api.get(`conversations?${api.query({ words: this.search.value.trim(), project_id: scope, after, limit: 40 })}`);
      if (turn !== this.turn) return;
      this.talks = after ? [...this.talks, ...page.conversations] : page.conversations;
      this.next = page.next;
      this.draw();
    } catch (error) {
      if (turn === this.turn) render(this.end, html`<p class="bare">${api.messageOf(error)}</p>`);
    }
  }

  /** Reload soon: something changed. */
  touch() {
    clearTimeout(this.touched);
    this.touched = setTimeout(() => this.load(), 250);
  }

  /** @param {string | undefined} id */
  mark(id) {
    this.here = id;
    for (const row of findAll(this.list, "[data-id]")) {
      if (dataOf(row).id === id) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    }
  }

  draw() {
    const focused = this.list.contains(document.activeElement) ? dataOf(/** @type {HTMLElement} */ (document.activeElement)).id : "";
    render(this.list, html`${this.talks.map((talk) => html`<li><button type="button" class="talk-row" data-do="open" data-id="${talk.id}">
      <b dir="auto">${talk.title}</b><span>${talk.answering && html`<i class="pulse" aria-label="Answer in progress"></i>`}${
        talk.mine ? "" : `${talk.owner} · `}${talk.found || formatDate(talk.updated_at)}</span></button></li>`)}`);
    const searched = this.search.value.trim();
    render(this.end, this.talks.length ? "" : html`<p class="bare">${searched ? `No conversation contains “${searched}”.`
      : "Conversations are kept here, with the project."}</p>`);
    this.mark(this.here);
    if (focused) query(this.list, `[data-id="${focused}"]`)?.focus();
  }

  /** @param {Pick<ConversationDetail, "id" | "title">} talk */
  async remove(talk) {
    try {
      await api.remove(`conversations/${talk.id}`);
      this.gone(talk.id);
      this.touch();
      toast(`“${talk.title}” deleted.`, { act: { label: "Undo", run: () => this.restore(talk) } });
    } catch (error) { failed(error); }
  }

  /** @param {Pick<ConversationDetail, "id" | "title">} talk */
  async restore(talk) {
    try {
      await api.post(`conversations/${talk.id}/restore`);
      this.touch();
      this.open(talk.id);
    } catch (error) { failed(error); }
  }
}
