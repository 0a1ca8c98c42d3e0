// The queue in one line in the bar; it opens the panel.

import { emit, on } from "../core/bus.js";
import { html, renderChanged } from "../core/dom.js";
import { jobs } from "../core/job-poller.js";
import { statusLine } from "./job-lists.js";

export class QueueStatus {
  /** @param {HTMLElement} button */
  constructor(button) {
    this.button = button;
    this.online = true;
    button.addEventListener("click", () => emit("queue"));
    on("jobs", () => this.draw());
    on("online", (online) => { this.online = online; this.draw(); });
    on("queueOpen", (open) => button.setAttribute("aria-expanded", String(open)));
    this.draw();
  }

  draw() {
    const { what, rest, unfinished } = statusLine(jobs.values());
    this.button.classList.toggle("lost", !this.online);
    this.button.classList.toggle("busy", unfinished > 0);
    renderChanged(this.button, this.online
      ? html`<i class="light" aria-hidden="true"></i>${what ? html`<b dir="auto">${what}</b>` : html`<span class="idle">Queue</span>`}${rest && html`<span class="rest">${rest}</span>`}`
      : html`<i class="light" aria-hidden="true"></i><span class="idle">Reconnecting …</span>`);
    this.button.setAttribute("aria-label", ["Queue", this.online ? what : "reconnecting", rest].filter(Boolean).join(" · "));
  }
}
