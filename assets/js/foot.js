// The one button of a form: what it will take, whether it fits, what is wrong. Python sends it all as one value.

import { on, say } from "./bus.js";
import { doing, fill, html, refill } from "./dom.js";
import { kick } from "./follow.js";
import { keep, recall } from "./keep.js";
import { toast } from "./toast.js";
import { capital } from "./words.js";

const PATIENCE = 15_000; // ms: an answer comes within some, or the connection is gone

export const feet = new Map();

/** Resolves when every form holds what it held before, and all that was put into it since. */
export const recalled = () => Promise.all([...feet.values()].map((foot) => foot.filled));

export class Foot {
  constructor({ element, props, trigger, watch }, stageOf) {
    Object.assign(this, { element, props, trigger, stageOf });
    this.root = element.querySelector(".foot");
    this.task = this.root.dataset.task;
    this.go = this.root.querySelector(".go");
    this.go.addEventListener("click", () => this.press());
    this.form = element.closest(".task");
    doing(this.form, {
      example: (button) => this.fill({ values: JSON.parse(button.dataset.values) }),
      offer: (button) => this.accept(this.offers[button.dataset.at]),
    });
    watch("value", () => this.hear(props.value));
    let queued = "";
    on("jobs", ({ jobs }) => { // somebody joined or left the line: the hint changes with it
      const line = [...jobs.values()].map((job) => job.id + (job.state === "queued") + (job.finished_at ?? "")).join();
      if (line !== queued && this.seen()) this.ask();
      queued = line;
    });
    feet.set(this.task, this);
    this.filled = this.recall();
  }

  seen() { return this.element.offsetParent !== null; }

  ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.trigger("ask"), 250);
  }

  get name() { return `form/${this.task}`; }

  /** What was in the form when the page was left. Nobody types meanwhile: it would be overwritten. */
  async recall() {
    this.form.inert = true;
    const kept = await recall(this.name).catch(() => null);
    const filled = Object.entries(kept ?? {}).filter(([, value]) => value !== null); // what forms share may be in another
    const back = !filled.length || await this.send({ values: Object.fromEntries(filled) });
    if (back !== null) return this.open(back);
    this.late = true;
    // Closed until the answer is there after all: it would be written over what is typed meanwhile.
    this.problem({ what: "Your last entries could not be restored: the studio is not answering.", next: "Reload the page to restore them." });
  }

  /** Let somebody type. Where the form is not ``back``, it takes the place of what is kept only when they do. */
  open(back) {
    this.form.inert = false;
    this.keeping = back;
    if (!back) this.form.addEventListener("input", () => { this.keeping = true; }, { once: true });
    this.ask();
  }

  /** Fill the form, with ``values`` or as an asset was made: after whatever is on its way, so that what comes last
   * counts. Resolves to whether it is there. */
  fill(what) {
    this.filled = this.filled.then(() => this.send(what)).then((there) => {
      if (there === null) this.problem({ what: "This could not be put into the form: the studio is not answering.", next: "Try again in a moment." }, true);
      return there;
    });
    return this.filled;
  }

  /** Resolves to whether it is in the form, null where no answer comes. */
  send(what) {
    return new Promise((resolve) => {
      this.arrived = resolve;
      setTimeout(() => resolve(null), PATIENCE);
      this.trigger("fill", what);
    });
  }

  press() {
    if (this.go.disabled) return;
    this.busy(true);
    this.stageOf(this.task)?.approach();
    this.trigger("press", { get: this.get, ref: crypto.randomUUID?.() ?? String(Math.random()).slice(2) });
    this.waiting = setTimeout(() => {
      this.busy(false);
      this.problem({ what: "The studio does not answer.", next: "Try again in a moment." });
    }, PATIENCE);
  }

  busy(on) {
    clearTimeout(this.waiting);
    this.go.disabled = on;
    this.go.setAttribute("aria-busy", String(on));
  }

  hear(value) {
    const said = JSON.parse(value || "{}");
    if (said.pressed) this.busy(false);
    if (said.filled) {
      this.arrived?.(!said.problem);
      if (this.late) this.open(!said.problem);
      this.late = false;
    }
    if (said.job) say("show", { job: said.job });
    if (said.job) kick();
    if (said.reused) toast("The settings are back in the form.");
    if (said.values) this.know(said.values);
    if (said.values) say("asked", this.told = { task: this.task, values: said.values, about: said.about, cast: said.cast });
    if (said.button) { this.go.querySelector("span").textContent = said.button; this.get = said.get ?? null; }
    if (said.offers) this.offer(said.offers);
    if (said.hint !== undefined) refill(this.root.querySelector(".hint"), html`${said.hint}`);
    if (said.problem || !this.late) this.problem(said.problem, said.pressed);
  }

  /** What stands in the form is kept for a reload; a field that holds something needs no example. */
  know(values) {
    if (this.keeping) keep(this.name, values).catch(() => {});
    for (const button of this.form.querySelectorAll("[data-do=example]")) {
      button.hidden = Object.keys(JSON.parse(button.dataset.values)).some((name) => values[name]);
    }
  }

  /** What else would do: a press sets the fields, gets a model first, or makes it as it is. */
  offer(offers) {
    this.offers = offers;
    refill(this.root.querySelector(".offers"), html`${offers.map(({ label, time }, i) => html`<button type="button" data-do="offer" data-at="${i}">${capital(label)} <small>${time}</small></button>`)}`);
  }

  accept({ changes, get }) {
    if (!get && Object.keys(changes).length) return void this.fill({ values: changes });
    if (get) this.get = get;
    this.press();
  }

  problem(problem, aloud) {
    const box = this.root.querySelector(".problem");
    box.hidden = !problem;
    this.root.classList.toggle("stuck", Boolean(problem));
    fill(box, problem ? html`<b>${problem.what}</b> ${problem.why} <em>${problem.next}</em>` : "");
    if (problem && aloud) toast(problem.what, { bad: true });
  }
}

/** Ctrl+Enter presses the button in front. */
export const shortcut = () => document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const foot = [...feet.values()].find((one) => one.seen());
  if (foot) { event.preventDefault(); document.activeElement?.blur?.(); foot.press(); }
});
