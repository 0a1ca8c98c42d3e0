// Under the prompt: the words that a model does not know, and the idea written out, looked at before it is used.

import { on } from "./bus.js";
import { doing, fill, html, refill } from "./dom.js";
import { feet } from "./foot.js";
import { ended, jobs, kick, note } from "./follow.js";

/** What a language model answered, as a prompt: one paragraph without title and quotation marks. */
export const paragraph = (text) => text.replace(/\s+/g, " ").trim()
  .replace(/^(?:prompt|picture|image|description)\s*:\s*/i, "").replace(/^["“”'«]+|["“”'»]+$/g, "").trim();

export class Idea {
  constructor({ element, props, trigger, watch }) {
    Object.assign(this, { props, trigger, turn: 0, prompt: "" });
    this.root = element.querySelector(".idea");
    this.task = this.root.dataset.task;
    this.box = this.root.querySelector(".idea-box");
    doing(this.root, {
      write: () => this.write(0),
      again: () => this.write(this.turn + 1),
      take: () => this.take(),
      leave: () => this.close(),
      undo: () => { this.put(this.before); this.undoable(null); },
    });
    watch("value", () => this.hear(JSON.parse(props.value || "{}")));
    on("asked", ({ task, values, about, cast }) => task === this.task && this.told(values, about, cast));
    on("jobs", () => this.follow(jobs.get(this.job)));
    on("finished", (job) => this.follow(job));
  }

  told(values, about, cast = []) {
    this.prompt = values.prompt ?? "";
    const unknown = about?.unknown ?? [];
    refill(this.root.querySelector(".idea-note"), html`${cast.map((one) => html`<span>${one}</span> `)}
      ${unknown.length > 0 && html`<span>${about.sketch} does not know: ${unknown.join(", ")}</span>`}
      ${about?.read && html`<span>This prompt is too long: ${about.model} reads about its first ${about.read} words.</span>`}`);
  }

  write(turn) {
    this.turn = turn;
    this.job = null;
    this.say("Writing …");
    this.trigger("write", { turn });
  }

  hear({ wrong, text, job }) {
    if (wrong) return void this.say(wrong);
    if (text) return void this.offer(text);
    if (!job) return;
    this.job = job.id;
    note(job);
    kick();
  }

  follow(job) {
    if (!job || job.id !== this.job) return;
    const text = paragraph(job.text);
    if (!ended(job)) return void this.say(text || "Writing …");
    this.job = null;
    if (job.state === "done" && text) this.offer(text);
    else this.say(job.error?.what ?? "Nothing came of it.");
  }

  say(text) {
    this.box.hidden = false;
    refill(this.box, html`<p>${text}</p><div class="idea-acts"><button type="button" data-do="leave">Leave it</button></div>`);
  }

  offer(text) {
    this.text = text;
    this.box.hidden = false;
    this.box.filled = null;
    fill(this.box, html`<p>${text}</p><div class="idea-acts"><button type="button" class="first" data-do="take">Use it</button>
      <button type="button" data-do="again">Again</button><button type="button" data-do="leave">Leave it</button></div>`);
  }

  take() {
    this.undoable(this.prompt);
    this.put(this.text);
    this.close();
  }

  put(prompt) { feet.get(this.task)?.fill({ values: { prompt } }); }

  undoable(before) {
    this.before = before;
    this.root.querySelector("[data-do=undo]").hidden = before === null;
  }

  close() {
    this.job = null;
    this.box.hidden = true;
    this.box.filled = null;
    fill(this.box, "");
  }
}
