// The talk itself: questions, answers as they come, what can be done with each, the branches beside it.

import { Problem } from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { ended, jobs } from "./follow.js";
import { chips } from "./writing-files.js";
import { Prose } from "./writing-prose.js";
import { Stream } from "./writing-stream.js";
import { capital } from "./words.js";

const NEAR = 120; // px from the end within which the view goes along

/** What an answer took, for whoever wants to know. */
export const figures = ({ tokens, tokens_per_second: pace, first_token_seconds: first, prompt_tokens: read, context, silent_seconds: silent }) => ({
  short: [tokens && `${tokens} tokens`, pace && `${pace >= 10 ? Math.round(pace) : pace.toFixed(1)} a second`,
    silent && `nothing for ${silent} s`].filter(Boolean).join(" · "),
  long: [read && `${read} tokens read`, first && `first word after ${first.toFixed(1)} s`, context && `sees ${context} tokens at once`]
    .filter(Boolean).join(", "),
});

/** What happens before the first word. */
const waiting = (job) => {
  if (!job || ended(job)) return "waiting";
  if (job.facts?.silent_seconds) return `waiting for the model: nothing for ${job.facts.silent_seconds} s`;
  if (job.thinking) return "thinking";
  return job.state === "running" ? "reading" : job.words;
};

const leftOut = (count, files) => `The first ${count > 1 ? `${count} messages` : "message"}${files?.length ? ` (with ${files.join(", ")})` : ""} did not fit into what the model sees; it answered without.`;

export class Turns {
  /** ``acts`` are what the buttons of a turn do, ``hands`` the tasks that take over what was written; ``ended(message)``
   *  hears that an answer has ended. */
  constructor(root, { acts, ended: over, models, hands }) {
    Object.assign(this, { root, over, models, hands });
    this.shown = new Map();
    this.sticky = true;
    doing(root, acts);
    root.addEventListener("scroll", () => {
      if (root.scrollHeight !== this.height) return void this.follow(); // the text grew; nobody scrolled
      this.sticky = root.scrollHeight - root.scrollTop - root.clientHeight < NEAR;
      this.newest.hidden = this.sticky;
    });
    new ResizeObserver(() => this.follow()).observe(root);
    this.newest = root.parentElement.querySelector(".newest");
    this.newest.addEventListener("click", () => this.toEnd());
  }

  /** Show a conversation; turns that stayed the same are left alone. */
  show(talk) {
    const other = talk?.id !== this.talk?.id;
    this.talk = talk;
    const wanted = talk?.messages ?? [];
    for (const [id, turn] of this.shown) if (!wanted.some((message) => message.id === id)) this.drop(id, turn);
    wanted.forEach((message, at) => {
      const sign = JSON.stringify([message, talk.mine]);
      let turn = this.shown.get(message.id);
      if (turn?.sign !== sign) {
        const fresh = this.make(message, turn);
        if (turn) { turn.stream?.close(); turn.element.replaceWith(fresh.element); }
        turn = Object.assign(fresh, { sign });
        this.shown.set(message.id, turn);
      }
      if (turn.stream?.closed && message.state === "answering") this.attach(turn, message); // begun anew, as after a restart
      if (this.root.children[at] !== turn.element) this.root.insertBefore(turn.element, this.root.children[at] ?? null);
    });
    if (other) this.sticky = true;
    this.follow();
  }

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

  make(message, before) {
    const element = document.createElement("article");
    element.className = `remark ${message.role} ${message.state}`;
    element.dataset.id = message.id;
    return message.role === "user" ? this.question(element, message) : this.answer(element, message, before);
  }

  question(element, message) {
    element.setAttribute("aria-label", this.talk.mine ? "You" : this.talk.owner);
    fill(element, html`${chips(message.attachments)}<div class="said"></div>
      <div class="ways">${this.branches(message)}<button type="button" class="quiet" data-do="copy" title="Copy" aria-label="Copy">${icon("same")}</button>
      ${this.talk.mine && html`<button type="button" class="quiet" data-do="edit" title="Edit and send again" aria-label="Edit and send again">${icon("edit")}</button>`}</div>`);
    element.querySelector(".said").textContent = message.text;
    return { element };
  }

  answer(element, message, before) {
    const name = this.models.name(message.model);
    element.setAttribute("aria-label", `Answer of ${name}`);
    const facts = figures(message.facts);
    fill(element, html`<header><b>${name}</b></header>
      <details class="thoughts" hidden><summary></summary><div></div></details><div class="written"></div><p class="so-far" hidden></p>
      ${message.facts.left_out > 0 && html`<p class="note">${leftOut(message.facts.left_out, message.facts.left_out_files)}</p>`}
      ${this.trouble(message)}
      ${message.state !== "answering" && html`<div class="ways">${this.branches(message)}
        ${message.text && html`<button type="button" class="quiet" data-do="copy" title="Copy" aria-label="Copy">${icon("same")}</button>`}
        ${this.talk.mine && html`<button type="button" class="quiet" data-do="again" title="Another answer" aria-label="Another answer">${icon("again")}</button>`}
        ${message.text && html`${this.hands.includes("speak") && html`<button type="button" class="quiet" data-do="speak" title="Speak it" aria-label="Speak it">${icon("sound")}</button>`}
          ${this.hands.includes("create_image") && html`<button type="button" class="quiet" data-do="picture" title="Use as prompt in Image" aria-label="Use as prompt in Image">${icon("image")}</button>`}
          <button type="button" class="quiet" data-do="save" title="Save as a file" aria-label="Save as a file">${icon("down")}</button>`}
        <span class="figures" title="${facts.long}">${facts.short}</span></div>`}`);
    const place = element.querySelector(".written"), prose = before?.prose ?? new Prose(place);
    if (before) place.replaceWith(prose.element); // what is drawn already stays
    prose.onDrawn = () => this.follow();
    const turn = { element, prose };
    if (message.state === "answering") this.attach(turn, message);
    else if (message.text) prose.set(message.text);
    this.thoughts(turn, message.thinking, message.facts.thinking_seconds);
    return turn;
  }

  trouble(message) {
    if (message.error) {
      const { what, why, next } = message.error;
      return html`<div class="problem" role="alert"><b>${what}</b> ${why} <em>${next}</em>${message.text && " What it wrote until then is kept."}
        ${this.talk.mine && html`<span class="do"><button type="button" class="act" data-do="again">Try again</button>
          ${this.models.all.length > 1 && html`<button type="button" class="act" data-do="model">Take another model</button>`}</span>`}</div>`;
    }
    if (message.state === "stopped") {
      return html`<p class="note stopped">${message.text ? "Stopped here; what was written is kept." : "Stopped before the first word."}
        ${this.talk.mine && html`<button type="button" class="act" data-do="again">Regenerate</button>`}</p>`;
    }
    return message.facts.finish === "length" ? html`<p class="note">It ends here because the longest answer is reached. Advanced has room for more.</p>` : "";
  }

  branches({ siblings, id }) {
    if (siblings.length < 2) return "";
    const at = siblings.indexOf(id);
    const step = (by, name, glyph) => html`<button type="button" class="quiet" data-do="branch" data-to="${siblings[at + by] ?? ""}"
      ${siblings[at + by] ? "" : html` disabled`} aria-label="${name}" title="${name}">${icon(glyph)}</button>`;
    return html`<span class="branches">${step(-1, "The one before", "left")}<span>${at + 1} / ${siblings.length}</span>${step(1, "The next one", "right")}</span>`;
  }

  // -- an answer under way

  attach(turn, message) {
    turn.element.setAttribute("aria-busy", "true");
    turn.job = message.job_id;
    turn.text = "";
    turn.stream = new Stream(message.job_id, {
      onText: (text) => {
        const first = !turn.text;
        turn.text = text;
        turn.prose.set(text);
        if (first) this.tell(turn);
      },
      onEnd: () => this.over(message),
    });
    this.tell(turn);
  }

  /** What the queue says of answers under way: where they stand, what is thought, how fast they come. */
  tell(turn) {
    const job = jobs.get(turn.job);
    const now = turn.element.querySelector(".so-far");
    const figuresSoFar = job ? figures(job.facts ?? {}).short : "";
    now.hidden = Boolean(turn.text) && !figuresSoFar;
    now.textContent = turn.text ? figuresSoFar : capital(waiting(job));
    now.classList.toggle("quietly", Boolean(turn.text));
    this.thoughts(turn, job?.thinking ?? "", job?.facts?.thinking_seconds);
  }

  tellAll() { for (const turn of this.shown.values()) if (turn.stream) this.tell(turn); }

  thoughts(turn, text, seconds) {
    const fold = turn.element.querySelector(".thoughts");
    fold.hidden = !text;
    if (!text) return;
    fold.querySelector("summary").textContent = seconds ? `Thought for ${Math.max(1, Math.round(seconds))} s` : "Thinking aloud";
    fold.querySelector("div").textContent = text;
  }

  // -- changing a question

  /** Put a box in place of a question; ``send(text)`` resolves when it is on its way. */
  edit(message, send) {
    const { element } = this.shown.get(message.id);
    fill(element, html`<form class="anew"><textarea aria-label="The message" rows="3"></textarea><p class="problem" role="alert" hidden></p>
      <div class="do"><button type="submit" class="go">Send again</button><button type="button" class="link" data-leave>Leave it as it was</button></div></form>`);
    const [form, area] = [element.firstElementChild, element.querySelector("textarea")];
    const leave = () => { this.shown.get(message.id).sign = ""; this.show(this.talk); };
    area.value = message.text;
    area.focus();
    element.querySelector("[data-leave]").addEventListener("click", leave);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); leave(); }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !matchMedia("(pointer: coarse)").matches) { event.preventDefault(); form.requestSubmit(); }
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try { await send(area.value); } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const box = element.querySelector(".problem");
        box.hidden = false;
        box.textContent = error.message;
      }
    });
  }
}
