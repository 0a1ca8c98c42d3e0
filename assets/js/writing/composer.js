// The message box: Enter sends, Shift+Enter adds a line, Up edits the last message, Escape stops the answer.

import * as api from "../core/api.js";
import { find, html, render, renderChanged, targetOf } from "../core/dom.js";
import { loadDraft, saveDraft } from "../core/drafts.js";

/**
 * @import { Problem } from "../types/api.js"
 * @import { Attachments } from "./attachments.js"
 */

/**
 * @typedef {object} ComposerActs
 * @property {(text: string) => Promise<void>} send
 * @property {() => unknown} stop
 * @property {() => void} editLast edits the last message
 * @property {() => boolean} sendable
 * @property {() => void} choose opens the choice of model
 * @property {() => { path: EstimatePath, body: unknown } | null} estimate the request to estimate
 */

/** @typedef {`conversations/${string}/estimate` | "conversations/estimate"} EstimatePath */

const LONG = 12_000; // characters; a longer paste becomes a file
const DRAFT = "writing";
const touch = () => matchMedia("(pointer: coarse)").matches;

export class Composer {
  /** @type {boolean} */
  busy;
  /** @type {boolean} */
  answering;
  /** @type {ReturnType<typeof setTimeout>} */
  asking;

  /**
   * ``acts``: send(text), stop(), editLast(), choose(model), estimate() → a path and body to request, or null.
   * @param {HTMLElement} root
   * @param {{ files: Attachments, acts: ComposerActs }} options
   */
  constructor(root, { files, acts }) {
    this.root = root;
    this.files = files;
    this.acts = acts;
    this.area = find(root, "textarea", HTMLTextAreaElement);
    this.go = find(root, ".send", HTMLButtonElement);
    this.hint = find(root, ".hint");
    this.trouble = find(root, ".problem");
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("paste", (event) => this.paste(event));
    this.trouble.addEventListener("click", (event) => targetOf(event).closest("[data-model]") && this.acts.choose());
    root.addEventListener("submit", (event) => { event.preventDefault(); if (this.answering) this.acts.stop(); else this.send(); });
    this.typed(false);
    this.recall();
  }

  /** Restore the unsent draft, unless the box already has text. */
  async recall() {
    const draft = await loadDraft(DRAFT).catch(() => null);
    if (draft && !this.text) this.text = draft;
  }

  get text() { return this.area.value; }
  set text(value) { this.area.value = value; this.typed(); }

  focus() { if (!touch()) this.area.focus({ preventScroll: true }); }

  /** @param {KeyboardEvent} event */
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
    if (byHand) saveDraft(DRAFT, this.text);
    this.problem(null);
    this.ready();
    this.ask();
  }

  get sendable() { return !this.busy && !this.files.sending && this.acts.sendable(); }

  ready() { this.go.setAttribute("aria-disabled", String(this.busy || (!this.answering && !this.sendable))); } // not disabled: it would lose the focus

  /** @param {ClipboardEvent} event */
  paste(event) {
    const clipboard = /** @type {DataTransfer} */ (event.clipboardData);
    const files = [...clipboard.files], text = clipboard.getData("text/plain");
    if (!files.length && text.length < LONG) return;
    event.preventDefault();
    event.stopPropagation();
    if (files.length) for (const file of files) this.files.bring(file);
    else this.files.bring(new File([text], "Pasted text.txt", { type: "text/plain" }));
  }

  /**
   * While an answer is running, the button stops it.
   * @param {boolean} answering
   */
  set state(answering) {
    this.answering = answering;
    this.go.classList.toggle("stopping", answering);
    this.go.setAttribute("aria-label", answering ? "Stop the answer" : "Send");
    this.go.title = answering ? "Stop (Esc)" : "Send (Enter)";
    this.ready();
  }

  async send() {
    if (!this.sendable) return;
    this.busy = true;
    this.ready();
    try {
      await this.acts.send(this.text);
      this.text = "";
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      this.problem(error.problem);
    } finally {
      this.busy = false;
      this.ready();
      this.focus();
    }
  }

  /**
   * Show an error. The typed text stays.
   * @param {Problem | null | undefined} problem
   */
  problem(problem) {
    this.trouble.hidden = !problem;
    render(this.trouble, problem ? html`<b>${problem.what}</b> ${problem.why} <em>${problem.next}</em>
      ${/model|ollama|too_long/.test(problem.code) && html`<button type="button" class="act" data-model>Use another model</button>`}` : "");
  }

  /** Show whether the message fits and what is ahead of it in the queue, if there is anything to report. */
  ask() {
    clearTimeout(this.asking);
    const question = this.acts.estimate();
    if (!question) return void renderChanged(this.hint, "");
    this.asking = setTimeout(async () => {
      try {
        const estimate = await api.post(question.path, question.body);
        const first = estimate.wait_seconds > 2 ? estimate.queue_words : "";
        renderChanged(this.hint, html`<span class="${estimate.problem ? "bad" : ""}">${estimate.problem
          ? [estimate.problem.what, estimate.problem.why, estimate.problem.next].join(" ") : first}</span>`);
      } catch (error) {
        renderChanged(this.hint, html`<span class="bad">${api.messageOf(error)}</span>`);
      }
    }, 500);
  }
}
