// The conversations: newest first, found by words, of the project in hand or all.

import * as api from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { failed, toast } from "./toast.js";
import { when } from "./words.js";

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value));

export class Talks {
  /** ``open(id)`` shows a conversation, ``gone(id)`` hears that one was deleted. */
  constructor(root, { open, gone }) {
    Object.assign(this, { root, open, gone });
    this.list = root.querySelector(".list");
    this.end = root.querySelector(".end");
    this.search = root.querySelector("[type=search]");
    this.scope = root.querySelector("select");
    this.talks = [];
    doing(this.list, { open: (row) => this.open(row.dataset.id) });
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.load(), 200);
    });
    this.scope.addEventListener("change", () => this.load());
    new IntersectionObserver((seen) => seen[0].isIntersecting && this.next && this.load(this.next), { root, rootMargin: "300px" })
      .observe(this.end);
  }

  /** Load the list anew, or its next part. */
  async load(after = "") {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const scope = this.scope.value === "project" ? project.id ?? "own" : "";
    try {
      const page = await api.get(`conversations?${query({ words: this.search.value.trim(), project_id: scope, after, limit: 40 })}`);
      if (turn !== this.turn) return;
      this.talks = after ? [...this.talks, ...page.conversations] : page.conversations;
      this.next = page.next;
      this.draw();
    } catch (error) {
      if (turn === this.turn) fill(this.end, html`<p class="bare">${error.message}</p>`);
    }
  }

  /** Look again soon: something went on. */
  touch() {
    clearTimeout(this.touched);
    this.touched = setTimeout(() => this.load(), 250);
  }

  mark(id) {
    this.here = id;
    for (const row of this.list.querySelectorAll("[data-id]")) {
      if (row.dataset.id === id) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    }
  }

  draw() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.id : "";
    fill(this.list, html`${this.talks.map((talk) => html`<li><button type="button" class="talk-row" data-do="open" data-id="${talk.id}">
      <b>${talk.title}</b><span>${talk.answering && html`<i class="pulse" aria-label="being answered"></i>`}${
        talk.mine ? "" : `${talk.owner} · `}${talk.found || when(talk.updated_at)}</span></button></li>`)}`);
    const searched = this.search.value.trim();
    fill(this.end, this.talks.length ? "" : html`<p class="bare">${searched ? `Nothing holds “${searched}”.`
      : "What you talk about stays here, with the project."}</p>`);
    this.mark(this.here);
    if (focused) this.list.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  async remove(talk) {
    try {
      await api.remove(`conversations/${talk.id}`);
      this.gone(talk.id);
      this.touch();
      toast(`“${talk.title}” is deleted.`, { act: { label: "Undo", run: () => this.restore(talk) } });
    } catch (error) { failed(error); }
  }

  async restore(talk) {
    try {
      await api.post(`conversations/${talk.id}/restore`);
      this.touch();
      this.open(talk.id);
    } catch (error) { failed(error); }
  }
}
