// The submit button of a form: the estimated time, whether the job fits, errors. Python sends it all as one value.

import { emit, on } from "../core/bus.js";
import { closest, dataOf, find, findAll, html, onAction, query, render, renderChanged } from "../core/dom.js";
import { loadDraft, saveDraft } from "../core/drafts.js";
import { capitalize } from "../core/format.js";
import { pollNow } from "../core/job-poller.js";
import { toast } from "../core/toast.js";
import { Objection } from "./objection.js";

/**
 * @import { Stage } from "../stage/stage.js"
 * @import { Problem } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { Part, Values } from "../types/page.js"
 */

/**
 * @typedef {{ values?: Values, asset?: string, restored?: boolean }} Filling the values to fill a form with, or the asset
 * to take them from; ``restored`` values are a draft
 */

/** @typedef {{ label: string, time: string, changes: Values, get: string | null }} FormOffer an alternative to the request */

const PATIENCE = 15_000; // ms to wait for an answer before the connection counts as lost

/** The submit bar of each form, by task. @type {Map<string, SubmitBar>} */
export const submitBars = new Map();

/** Resolves when every form has restored its values and applied everything added since. */
export const formsRestored = () => Promise.all([...submitBars.values()].map((bar) => bar.filled));

export class SubmitBar {
  /** @type {FormOffer[]} */
  offers;
  /** @type {string | null} */
  get;
  /** @type {Events["formChanged"] | undefined} */
  latest;
  /** @type {Promise<boolean | null | void>} */
  filled;
  /** @type {((there: boolean) => void) | undefined} */
  arrived;
  /** Whether a press waits for its answer. */
  isBusy = false;
  /** @type {boolean | undefined} */
  late;
  /** @type {boolean | undefined} */
  keeping;
  /** The values last saved, as JSON. @type {string | undefined} */
  saved;
  /** @type {ReturnType<typeof setTimeout>} */
  asking;
  /** @type {ReturnType<typeof setTimeout>} */
  waiting;

  /**
   * @param {Part} part
   * @param {(task: string) => Stage | undefined} stageOf
   */
  constructor({ element, props, trigger, watch }, stageOf) {
    this.element = element;
    this.props = props;
    this.trigger = trigger;
    this.stageOf = stageOf;
    this.root = find(element, ".submit-bar");
    this.task = dataOf(this.root).task;
    this.go = find(this.root, ".go", HTMLButtonElement);
    this.go.addEventListener("click", () => this.press());
    this.form = closest(element, ".task");
    this.objection = new Objection(find(this.root, ".objection"), { form: this.form, anyway: () => this.press(true) });
    this.fields = find(this.form, ".fields");
    onAction(this.form, {
      example: (button) => this.fill({ values: JSON.parse(dataOf(button).values) }),
      offer: (button) => this.accept(this.offers[Number(dataOf(button).at)]),
    });
    watch("value", () => this.receive(props.value));
    new ResizeObserver(() => { // a phone shows the prompt above it
      if (this.isVisible()) document.documentElement.style.setProperty("--submit-bar", `${this.root.offsetHeight}px`);
    }).observe(this.root);
    let queued = "";
    on("jobs", ({ jobs }) => { // the queue changed, and the hint with it
      const line = [...jobs.values()].map((job) => job.id + (job.state === "queued") + (job.finished_at ?? "")).join();
      if (line !== queued && this.isVisible()) this.ask();
      queued = line;
    });
    submitBars.set(this.task, this);
    this.filled = this.recall();
  }

  isVisible() { return this.element.offsetParent !== null; }

  ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.trigger("ask"), 250);
  }

  get name() { return `form/${this.task}`; }

  /** Restore the form's draft. The fields are locked in the meantime, since typing would be overwritten. */
  async recall() {
    this.fields.inert = true;
    const kept = await loadDraft(this.name).catch(() => null);
    this.saved = JSON.stringify(kept);
    const filled = Object.entries(kept ?? {}).filter(([, value]) => value !== null); // another form may hold the shared fields
    const back = !filled.length || await this.send({ values: Object.fromEntries(filled), restored: true });
    if (back !== null) return this.open(back);
    this.late = true;
    // Locked until the answer arrives after all: it would overwrite what is typed in the meantime.
    this.problem({ what: "Your last entries could not be restored: the studio is not responding.", next: "Reload the page to restore them." });
  }

  /**
   * Unlock the form. If it is not ``back``, it replaces the draft only once the person types.
   * @param {boolean} back
   */
  open(back) {
    this.fields.inert = false;
    this.keeping = back;
    if (!back) this.form.addEventListener("input", () => { this.keeping = true; }, { once: true });
    if (this.isVisible()) this.ask();
  }

  /**
   * Fill the form with ``values`` or an asset's settings, after any pending fill, so that the last one wins.
   * Resolves to whether it worked.
   * @param {Filling} what
   */
  fill(what) {
    this.filled = this.filled.then(() => this.send(what)).then((there) => {
      if (there === null) this.problem({ what: "This could not be added to the form: the studio is not responding.", next: "Try again in a moment." }, true);
      return there;
    });
    return this.filled;
  }

  /**
   * Resolves to whether it is in the form; null if no answer arrives.
   * @param {Filling} what
   * @returns {Promise<boolean | null>}
   */
  send(what) {
    return new Promise((resolve) => {
      this.arrived = resolve;
      setTimeout(() => resolve(null), PATIENCE);
      this.trigger("fill", what);
    });
  }

  /** Submit the form; ``anyway`` skips the question whether the model can draw what the prompt wants to see. */
  async press(anyway = false) {
    if (this.isBusy) return;
    this.busy(true);
    this.objection.close();
    await this.filled;
    if (this.late) return this.busy(false);
    this.trigger("press", { get: this.get, anyway, ref: crypto.randomUUID?.() ?? String(Math.random()).slice(2) });
    this.waiting = setTimeout(() => {
      this.busy(false);
      this.problem({ what: "The studio is not responding.", next: "Try again in a moment." });
    }, PATIENCE);
  }

  /** @param {boolean} busy */
  busy(busy) {
    clearTimeout(this.waiting);
    this.isBusy = busy;
    this.go.setAttribute("aria-busy", String(busy)); // not disabled: it would lose the focus
  }

  /** @param {string} value */
  receive(value) {
    const said = JSON.parse(value || "{}");
    if (said.pressed) this.busy(false);
    if (said.filled) {
      this.arrived?.(!said.problem);
      if (this.late) this.open(!said.problem);
      this.late = false;
    }
    if (said.objection) this.objection.ask(said.objection);
    if (said.job) this.stageOf(this.task)?.approach();
    if (said.job) emit("show", { job: said.job });
    if (said.job) pollNow();
    if (said.reused) toast("Settings restored.");
    if (said.lost) toast(`Not restored, because the studio no longer offers it: ${said.lost.join(", ")}.`, { bad: true });
    if (said.values) this.saveValues(said.values, said.untouched);
    if (said.values) emit("formChanged", this.latest = { task: this.task, values: said.values, about: said.about, cast: said.cast, tight: said.tight });
    if (said.button) { find(this.go, "span").textContent = said.button; this.get = said.get ?? null; }
    if (said.offers) this.offer(said.offers);
    if (said.hint !== undefined) {
      renderChanged(find(this.root, ".hint"), html`${said.hint}`);
      find(this.root, ".hint").classList.toggle("slow", Boolean(said.slow));
    }
    if (said.problem || !this.late) this.problem(said.problem, said.pressed);
  }

  /**
   * Save the form as a draft, and hide the examples of fields that are filled in.
   * @param {Values} values
   * @param {boolean} untouched whether they are the form's defaults
   */
  saveValues(values, untouched) {
    const draft = untouched ? null : values, text = JSON.stringify(draft);
    if (this.keeping && text !== this.saved) saveDraft(this.name, draft);
    if (this.keeping) this.saved = text;
    for (const button of findAll(this.form, "[data-do=example]", HTMLButtonElement)) {
      button.hidden = Object.keys(JSON.parse(dataOf(button).values)).some((name) => values[name]);
    }
  }

  /**
   * Alternatives: a click changes the fields, downloads a model first, or generates anyway.
   * @param {FormOffer[]} offers
   */
  offer(offers) {
    this.offers = offers;
    renderChanged(find(this.root, ".offers"), html`${offers.map(({ label, time }, i) => html`<button type="button" data-do="offer" data-at="${i}">${capitalize(label)} <small>${time}</small></button>`)}`);
  }

  /** @param {FormOffer} offer */
  accept({ changes, get }) {
    if (!get && Object.keys(changes).length) return void this.fill({ values: changes });
    if (get) this.get = get;
    this.press();
  }

  /**
   * @param {Partial<Problem> | null | undefined} problem
   * @param {unknown} [aloud]
   */
  problem(problem, aloud) {
    const box = find(this.root, ".problem");
    box.hidden = !problem;
    this.root.classList.toggle("stuck", Boolean(problem));
    render(box, problem ? html`<b>${problem.what}</b> ${problem.why} <em>${problem.next}</em>` : "");
    if (problem && aloud && !this.goTo(problem.field)) toast(problem.what ?? "", { bad: true });
  }

  /**
   * Scroll to the control of a field and focus it. Returns whether it is on the page.
   * @param {string | undefined} name
   */
  goTo(name) {
    if (!name) return false;
    const shared = findAll(closest(this.form, ".card"), ".part-slot").find((slot) => slot.offsetParent); // one for all tasks of a tab
    const control = query(this.form, `.field-${name}`) ?? (["image", "clip", "sound"].includes(name) ? shared : null);
    if (!control) return false;
    const folded = /** @type {HTMLElement | null} */ (control.closest(".advanced"));
    if (folded) query(folded, ".label-wrap:not(.open)")?.click();
    control.scrollIntoView({ block: "center" });
    query(control, "textarea, input:not([type=hidden]), select, button, [tabindex='0']")?.focus({ preventScroll: true });
    return true;
  }
}

/** Ctrl+Enter clicks the visible submit button. */
export const listenForSubmitShortcut = () => document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const bar = [...submitBars.values()].find((one) => one.isVisible());
  if (!bar) return;
  event.preventDefault();
  bar.go.focus({ preventScroll: true }); // the field is left, so that its text is complete and the keys of the result work
  bar.press();
});
