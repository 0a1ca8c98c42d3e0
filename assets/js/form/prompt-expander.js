// Below the prompt: the words the model does not know, and the expanded prompt for review before it is used.

import { on } from "../core/bus.js";
import { dataOf, find, html, onAction, render, renderChanged } from "../core/dom.js";
import { isEnded, jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { promptFromAnswer } from "./prompt-text.js";
import { submitBars } from "./submit-bar.js";
import { WordChips } from "./word-chips.js";

/**
 * @import { JobView } from "../types/api.js"
 * @import { ModelAdvice, Part, Values } from "../types/page.js"
 */

export class PromptExpander {
  /** @type {string | null | undefined} */
  job;
  /** @type {string | null} */
  before;
  /** @type {string} */
  text;

  /** @param {Part} part */
  constructor({ element, props, trigger, watch }) {
    this.props = props;
    this.trigger = trigger;
    this.turn = 0;
    this.prompt = "";
    this.root = find(element, ".idea");
    this.task = dataOf(this.root).task;
    this.box = find(this.root, ".idea-box");
    this.chips = new WordChips(find(this.root, ".vocabulary", HTMLDetailsElement));
    onAction(this.root, {
      write: () => this.write(0),
      again: () => this.write(this.turn + 1),
      take: () => this.take(),
      leave: () => this.close(),
      undo: () => { this.put(this.before); this.undoable(null); },
    });
    watch("value", () => this.receive(JSON.parse(props.value || "{}")));
    on("formChanged", ({ task, values, about, cast }) => task === this.task && this.showAdvice(values, about, cast));
    on("jobs", () => this.follow(jobs.get(this.job ?? "")));
    on("finished", (job) => this.follow(job));
  }

  /**
   * @param {Values} values
   * @param {ModelAdvice | undefined} about
   * @param {string[]} [cast]
   */
  showAdvice(values, about, cast = []) {
    this.prompt = values.prompt ?? "";
    const unknown = about?.unknown ?? [];
    this.chips.show(about?.vocabulary ?? [], about?.sketch ?? "");
    renderChanged(find(this.root, ".idea-note"), html`${cast.map((one) => html`<span>${one}</span> `)}
      ${unknown.length > 0 && html`<span>${about?.sketch} does not know: ${unknown.join(", ")}</span>`}
      ${about?.read && html`<span>This prompt is too long: ${about.model} uses only about the first ${about.read} words.</span>`}`);
  }

  /** @param {number} turn */
  write(turn) {
    this.turn = turn;
    this.job = null;
    this.say("Writing …");
    this.trigger("write", { turn });
  }

  /** @param {{ wrong?: string, text?: string, job?: JobView }} said */
  receive({ wrong, text, job }) {
    if (wrong) return void this.say(wrong);
    if (text) return void this.offer(text);
    if (!job) return;
    this.job = job.id;
    mergeJob(job);
    pollNow();
  }

  /** @param {JobView | undefined} job */
  follow(job) {
    if (!job || job.id !== this.job) return;
    const text = promptFromAnswer(job.text);
    if (!isEnded(job)) return void this.say(text || "Writing …");
    this.job = null;
    if (job.state === "done" && text) this.offer(text);
    else this.say(job.error?.what ?? "No result.");
  }

  /** @param {string} text */
  say(text) {
    this.box.hidden = false;
    renderChanged(this.box, html`<p>${text}</p><div class="idea-acts"><button type="button" data-do="leave">Dismiss</button></div>`);
  }

  /** @param {string} text */
  offer(text) {
    this.text = text;
    this.box.hidden = false;
    render(this.box, html`<p>${text}</p><div class="idea-acts"><button type="button" class="first" data-do="take">Use</button>
      <button type="button" data-do="again">Try again</button><button type="button" data-do="leave">Dismiss</button></div>`);
  }

  take() {
    this.undoable(this.prompt);
    this.put(this.text);
    this.close();
  }

  /** @param {string | null} prompt */
  put(prompt) { submitBars.get(this.task)?.fill({ values: { prompt } }); }

  /** @param {string | null} before */
  undoable(before) {
    this.before = before;
    find(this.root, "[data-do=undo]", HTMLButtonElement).hidden = before === null;
  }

  close() {
    this.job = null;
    this.box.hidden = true;
    render(this.box, "");
  }
}
