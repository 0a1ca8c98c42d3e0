// Where one writes: Enter sends, Shift+Enter makes a line, Up takes the last message again, Escape stops the answer.

import * as api from "./api.js";
import { fill, html, refill } from "./dom.js";
import { keep, recall } from "./keep.js";

const LONG = 12_000; // characters; what is pasted beyond becomes a file of its own
const DRAFT = "writing";
const touch = () => matchMedia("(pointer: coarse)").matches;

export class Box {
  /** ``acts``: send(text), stop(), editLast(), choose(model), estimate() → a path and body to ask, or null. */
  constructor(root, { files, acts }) {
    Object.assign(this, { root, files, acts });
    this.area = root.querySelector("textarea");
    this.go = root.querySelector(".send");
    this.hint = root.querySelector(".hint");
    this.trouble = root.querySelector(".problem");
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("paste", (event) => this.paste(event));
    this.trouble.addEventListener("click", (event) => event.target.closest("[data-model]") && this.acts.choose());
    root.addEventListener("submit", (event) => { event.preventDefault(); if (this.answering) this.acts.stop(); else this.send(); });
    this.typed(false);
    this.recall();
  }

  /** What was not sent yet when the page was left, unless something is there already. */
  async recall() {
    const draft = await recall(DRAFT).catch(() => null);
    if (draft && !this.text) this.text = draft;
  }

  get text() { return this.area.value; }
  set text(value) { this.area.value = value; this.typed(); }

  focus() { if (!touch()) this.area.focus({ preventScroll: true }); }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !(touch() && !event.ctrlKey)) {
      event.preventDefault();
      if (!this.answering) this.send();
    } else if (event.key === "ArrowUp" && !this.text) {
      event.preventDefault();
      this.acts.editLast();
    }
  }

  typed(byHand = true) {
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight + 2, innerHeight * 0.4)}px`;
    if (byHand) keep(DRAFT, this.text).catch(() => {});
    this.problem(null);
    this.ready();
    this.ask();
  }

  ready() { this.go.disabled = this.busy || (!this.answering && (this.files.sending || !this.acts.sendable())); }

  paste(event) {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (!files.length && text.length < LONG) return;
    event.preventDefault();
    event.stopPropagation();
    if (files.length) for (const file of files) this.files.bring(file);
    else this.files.bring(new File([text], "Pasted text.txt", { type: "text/plain" }));
  }

  /** While an answer comes, the button stops it. */
  set state(answering) {
    this.answering = answering;
    this.go.classList.toggle("stopping", answering);
    this.go.setAttribute("aria-label", answering ? "Stop the answer" : "Send");
    this.go.title = answering ? "Stop (Esc)" : "Send (Enter)";
    this.ready();
  }

  async send() {
    if (this.busy || this.go.disabled) return;
    this.busy = true;
    this.ready();
    try {
      await this.acts.send(this.text);
      this.text = "";
    } catch (error) {
      if (!error.problem) throw error;
      this.problem(error.problem);
    } finally {
      this.busy = false;
      this.ready();
      this.focus();
    }
  }

  /** What went wrong; what was typed stays where it is. */
  problem(problem) {
    this.trouble.hidden = !problem;
    fill(this.trouble, problem ? html`<b>${problem.what}</b> ${problem.why} <em>${problem.next}</em>
      ${/model|ollama|too_long/.test(problem.code) && html`<button type="button" class="act" data-model>Take another model</button>`}` : "");
  }

  /** Whether it would fit, and who is before it, as long as there is something to say about it. */
  ask() {
    clearTimeout(this.asking);
    const question = this.acts.estimate();
    if (!question) return void refill(this.hint, "");
    this.asking = setTimeout(async () => {
      try {
        const estimate = await api.post(question.path, question.body);
        const first = estimate.wait_seconds > 2 ? estimate.queue_words : "";
        refill(this.hint, html`<span class="${estimate.problem ? "bad" : ""}">${estimate.problem
          ? [estimate.problem.what, estimate.problem.why, estimate.problem.next].join(" ") : first}</span>`);
      } catch (error) {
        refill(this.hint, html`<span class="bad">${error.message}</span>`);
      }
    }, 500);
  }
}
