// The messages of a conversation: questions, answers as they arrive, their buttons and their branches.

import { messageOf, Problem } from "../core/api.js";
import { find, html, onAction, render } from "../core/dom.js";
import { capitalize } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isEnded, jobs } from "../core/job-poller.js";
import { answerStats } from "./answer-stats.js";
import { attachmentLinks } from "./attachments.js";
import { MarkdownView } from "./markdown.js";
import { AnswerStream } from "./stream.js";

/**
 * @import { JobView, MessageView, ConversationDetail } from "../types/api.js"
 * @import { ScriptPin } from "./script-pin.js"
 * @import { LanguageModels } from "./settings.js"
 */

/**
 * @typedef {object} Turn a message on the page
 * @property {HTMLElement} element
 * @property {MarkdownView} [markdown]
 * @property {AnswerStream} [stream]
 * @property {string | null} [job]
 * @property {string} [text] received so far
 * @property {string} [sign] of the message it was rendered from
 */

const NEAR = 120; // px from the end within which the view scrolls along

/**
 * The status shown before the first word.
 * @param {JobView | undefined} job
 */
const waiting = (job) => {
  if (!job || isEnded(job)) return "waiting";
  if (job.facts?.silent_seconds) return `waiting for the model: no output for ${job.facts.silent_seconds} s`;
  if (job.thinking) return "thinking";
  return job.state === "running" ? "reading" : job.words;
};

/**
 * @param {number} count
 * @param {string[] | undefined} files
 */
const leftOut = (count, files) => `The first ${count > 1 ? `${count} messages` : "message"}${files?.length ? ` (with ${files.join(", ")})` : ""} did not fit into the model's context and ${count > 1 ? "were" : "was"} left out.`;

export class MessageList {
  /** @type {ConversationDetail | null} */
  talk;
  /** @type {number} */
  height;

  /**
   * ``acts`` are the handlers of a turn's buttons, ``hands`` the tasks an answer can be sent to; ``ended(message)`` is
   * called when an answer has ended.
   * @param {HTMLElement} root
   * @param {{ acts: Record<string, (button: HTMLButtonElement) => unknown>, ended: (message: MessageView) => void, models: LanguageModels, hands: string[], pin: ScriptPin }} options
   */
  constructor(root, { acts, ended: over, models, hands, pin }) {
    this.root = root;
    this.over = over;
    this.models = models;
    this.hands = hands;
    this.pin = pin;
    /** @type {Map<string, Turn>} */
    this.shown = new Map();
    this.sticky = true;
    onAction(root, acts);
    root.addEventListener("scroll", () => {
      if (root.scrollHeight !== this.height) return void this.follow(); // the text grew; nobody scrolled
      this.sticky = root.scrollHeight - root.scrollTop - root.clientHeight < NEAR;
      this.newest.hidden = this.sticky;
    });
    new ResizeObserver(() => this.follow()).observe(root);
    this.newest = find(/** @type {HTMLElement} */ (root.parentElement), ".newest");
    this.newest.addEventListener("click", () => this.toEnd());
  }

  /**
   * Show a conversation. Unchanged turns are left alone.
   * @param {ConversationDetail | null} talk
   */
  show(talk) {
    const other = talk?.id !== this.talk?.id;
    this.talk = talk;
    const wanted = talk?.messages ?? [];
    for (const [id, turn] of this.shown) if (!wanted.some((message) => message.id === id)) this.drop(id, turn);
    wanted.forEach((message, at) => {
      const sign = JSON.stringify([message, talk?.mine, this.pin.offered, this.pin.has(message)]);
      let turn = this.shown.get(message.id);
      if (turn?.sign !== sign) {
        const fresh = this.make(message, turn);
        if (turn) { turn.stream?.close(); turn.element.replaceWith(fresh.element); }
        turn = Object.assign(fresh, { sign });
        this.shown.set(message.id, turn);
      }
      if (turn.stream?.closed && message.state === "answering") this.attach(turn, message); // restarted, as after a restart of the studio
      if (this.root.children[at] !== turn.element) this.root.insertBefore(turn.element, this.root.children[at] ?? null);
    });
    if (other) this.sticky = true;
    this.follow();
  }

  /**
   * @param {string} id
   * @param {Turn} turn
   */
  drop(id, turn) { turn.stream?.close(); turn.element.remove(); this.shown.delete(id); }

  get answering() { return this.talk?.messages.find((message) => message.state === "answering") ?? null; }

  // -- the view

  follow() {
    this.height = this.root.scrollHeight;
    if (this.sticky) this.root.scrollTop = this.height;
  }

  toEnd() {
    this.sticky = true;
    this.newest.hidden = true;
    this.follow();
  }

  // -- one turn

  /**
   * @param {MessageView} message
   * @param {Turn | undefined} before
   */
  make(message, before) {
    const element = document.createElement("article");
    element.className = `remark ${message.role} ${message.state}`;
    element.dataset.id = message.id;
    return message.role === "user" ? this.question(element, message) : this.answer(element, message, before);
  }

  /**
   * @param {HTMLElement} element
   * @param {MessageView} message
   */
  question(element, message) {
    element.setAttribute("aria-label", this.talk?.mine ? "You" : this.talk?.owner ?? "");
    render(element, html`${attachmentLinks(message.attachments)}<div class="said"></div>
      <div class="ways">${this.branches(message)}<button type="button" class="quiet" data-do="copy" title="Copy" aria-label="Copy">${icon("same")}</button>
      ${this.talk?.mine && html`<button type="button" class="quiet" data-do="edit" title="Edit and send again" aria-label="Edit and send again">${icon("edit")}</button>`}
      ${this.pin.offered && message.attachments.length > 0 && html`<button type="button" class="quiet" data-do="pin-file" title="Pin the attached document as the project's script" aria-label="Pin the attached document as the project's script">${icon("pin")}</button>`}</div>`);
    find(element, ".said").textContent = message.text;
    return { element };
  }

  /**
   * @param {HTMLElement} element
   * @param {MessageView} message
   * @param {Turn | undefined} before
   */
  answer(element, message, before) {
    const name = this.models.name(message.model);
    element.setAttribute("aria-label", `Answer from ${name}`);
    const facts = answerStats(message.facts);
    render(element, html`<header><b>${name}</b></header>
      <details class="thoughts" hidden><summary></summary><div></div></details><div class="written"></div><p class="so-far" hidden></p>
      ${message.facts.left_out > 0 && html`<p class="note">${leftOut(message.facts.left_out, message.facts.left_out_files)}</p>`}
      ${this.trouble(message)}
      ${message.state !== "answering" && html`<div class="ways">${this.branches(message)}
        ${message.text && html`<button type="button" class="quiet" data-do="copy" title="Copy" aria-label="Copy">${icon("same")}</button>`}
        ${this.talk?.mine && html`<button type="button" class="quiet" data-do="again" title="Another answer" aria-label="Another answer">${icon("again")}</button>`}
        ${message.text && html`${this.hands.includes("speak") && html`<button type="button" class="quiet" data-do="speak" title="Generate voice-over" aria-label="Generate voice-over">${icon("sound")}</button>`}
          ${this.hands.includes("create_image") && html`<button type="button" class="quiet" data-do="picture" title="Use as prompt in Image" aria-label="Use as prompt in Image">${icon("image")}</button>`}
          <button type="button" class="quiet" data-do="save" title="Save as file" aria-label="Save as file">${icon("down")}</button>
          ${this.pin.offered && html`<button type="button" class="quiet pin" data-do="pin" aria-pressed="${String(this.pin.has(message))}" title="Pin as the project's script" aria-label="Pin as the project's script">${icon("pin")}</button>`}`}
        <span class="figures" title="${facts.long}">${facts.short}</span></div>`}`);
    const place = find(element, ".written"), markdown = before?.markdown ?? new MarkdownView(place);
    if (before) place.replaceWith(markdown.element); // what is already rendered stays
    markdown.onDrawn = () => this.follow();
    const turn = { element, markdown };
    if (message.state === "answering") this.attach(turn, message);
    else if (message.text) markdown.set(message.text);
    this.thoughts(turn, message.thinking, message.facts.thinking_seconds);
    return turn;
  }

  /** @param {MessageView} message */
  trouble(message) {
    if (message.error) {
      const { what, why, next } = message.error;
      return html`<div class="problem" role="alert"><b>${what}</b> ${why} <em>${next}</em>${message.text && " The text so far is kept."}
        ${this.talk?.mine && html`<span class="do"><button type="button" class="act" data-do="again">Try again</button>
          ${this.models.all.length > 1 && html`<button type="button" class="act" data-do="model">Use another model</button>`}</span>`}</div>`;
    }
    if (message.state === "stopped") {
      return html`<p class="note stopped">${message.text ? "Stopped. The text so far is kept." : "Stopped before the first word."}
        ${this.talk?.mine && html`<button type="button" class="act" data-do="again">Regenerate</button>`}</p>`;
    }
    return message.facts.finish === "length" ? html`<p class="note">Stopped at the length limit. You can raise it under Advanced.</p>` : "";
  }

  /** @param {MessageView} message */
  branches({ siblings, id }) {
    if (siblings.length < 2) return "";
    const at = siblings.indexOf(id);
    /**
     * @param {number} by
     * @param {string} name
     * @param {string} glyph
     */
    const step = (by, name, glyph) => html`<button type="button" class="quiet" data-do="branch" data-to="${siblings[at + by] ?? ""}"
      ${siblings[at + by] ? "" : html` disabled`} aria-label="${name}" title="${name}">${icon(glyph)}</button>`;
    return html`<span class="branches">${step(-1, "Previous", "left")}<span>${at + 1} / ${siblings.length}</span>${step(1, "Next", "right")}</span>`;
  }

  // -- a running answer

  /**
   * @param {Turn} turn
   * @param {MessageView} message
   */
  attach(turn, message) {
    turn.element.setAttribute("aria-busy", "true");
    turn.job = message.job_id;
    turn.text = "";
    turn.stream = new AnswerStream(message.job_id ?? "", {
      onText: (text) => {
        const first = !turn.text;
        turn.text = text;
        turn.markdown?.set(text);
        if (first) this.tell(turn);
      },
      onEnd: () => this.over(message),
    });
    this.tell(turn);
  }

  /**
   * Update a turn from the queue: its status, the model's thoughts, its speed.
   * @param {Turn} turn
   */
  tell(turn) {
    const job = jobs.get(turn.job ?? "");
    const now = find(turn.element, ".so-far");
    const figuresSoFar = job ? answerStats(job.facts ?? {}).short : "";
    now.hidden = Boolean(turn.text) && !figuresSoFar;
    now.textContent = turn.text ? figuresSoFar : capitalize(waiting(job));
    now.classList.toggle("quietly", Boolean(turn.text));
    this.thoughts(turn, job?.thinking ?? "", job?.facts?.thinking_seconds);
  }

  tellAll() { for (const turn of this.shown.values()) if (turn.stream) this.tell(turn); }

  /**
   * @param {Turn} turn
   * @param {string} text
   * @param {number | undefined} seconds
   */
  thoughts(turn, text, seconds) {
    const fold = find(turn.element, ".thoughts");
    fold.hidden = !text;
    if (!text) return;
    find(fold, "summary").textContent = seconds ? `Thought for ${Math.max(1, Math.round(seconds))} s` : "Thinking …";
    find(fold, "div").textContent = text;
  }

  // -- editing a question

  /**
   * Replace a question with an edit box; ``send(text)`` resolves when the message is sent.
   * @param {MessageView} message
   * @param {(text: string) => Promise<void>} send
   */
  edit(message, send) {
    const turn = this.shown.get(message.id);
    if (!turn) return;
    const { element } = turn;
    render(element, html`<form class="anew"><textarea aria-label="Edit message" rows="3"></textarea><p class="problem" role="alert" hidden></p>
      <div class="do"><button type="submit" class="go">Send again</button><button type="button" class="link" data-leave>Cancel</button></div></form>`);
    const [form, area] = [find(element, "form", HTMLFormElement), find(element, "textarea", HTMLTextAreaElement)];
    const leave = () => { turn.sign = ""; this.show(this.talk); };
    area.value = message.text;
    area.focus();
    find(element, "[data-leave]").addEventListener("click", leave);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); leave(); }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches) { event.preventDefault(); form.requestSubmit(); }
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try { await send(area.value); } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const box = find(element, ".problem");
        box.hidden = false;
        box.textContent = messageOf(error);
      }
    });
  }
}
