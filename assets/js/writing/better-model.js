// The note for a tiny model: what it is good for, and a better one in one press.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { html, onAction, renderChanged } from "../core/dom.js";
import { capitalize, formatBytes } from "../core/format.js";
import { isEnded, jobs, mergeJob, pollNow } from "../core/job-poller.js";
import { failed, toast } from "../core/toast.js";

/**
 * @import { LanguageModel } from "../types/api.js"
 * @import { LanguageModels } from "./settings.js"
 */

export class BetterModelNote {
  /** @type {LanguageModel | null | undefined} */
  model;

  /**
   * ``use(id)`` chooses a model; null stands for the best one. ``arrived()`` is called when one has been downloaded.
   * @param {HTMLElement} element
   * @param {{ models: LanguageModels, use: (id: string | null) => void, arrived: () => Promise<unknown> }} options
   */
  constructor(element, { models, use, arrived }) {
    this.element = element;
    this.models = models;
    onAction(element, {
      get: () => this.act(`models/${encodeURIComponent(models.suggested?.id ?? "")}/get`),
      cancel: () => this.job && this.act(`jobs/${this.job.id}/cancel`),
      best: () => use(null),
    });
    on("jobs", () => this.draw());
    on("finished", async (job) => {
      if (job.task !== "fetch_model" || job.request?.entry !== models.suggested?.id) return;
      const name = models.suggested?.name;
      if (job.state === "failed") toast(job.error?.what ?? "The download failed.", { bad: true });
      if (job.state !== "done") return void this.draw();
      await arrived();
      toast(`${name} is ready.`);
    });
  }

  /** The download of the suggested model. */
  get job() {
    return [...jobs.values()].find((job) => job.task === "fetch_model" && !isEnded(job) && job.request?.entry === this.models.suggested?.id);
  }

  /**
   * Show the note if ``model`` is a tiny one.
   * @param {LanguageModel | null | undefined} model
   */
  show(model) {
    this.model = model;
    this.draw();
  }

  draw() {
    this.element.hidden = !this.model?.sketch;
    renderChanged(this.element, html`<span>A tiny model: good for a line, not for a script.</span> ${this.way()}`);
  }

  /** The way to a better model. */
  way() {
    const { best, suggested } = this.models, { job } = this;
    if (best && !best.sketch) return html`<button type="button" class="act" data-do="best">Use ${best.name}</button>`;
    if (!suggested) return "";
    if (job) return html`<span>${suggested.name}: ${capitalize(job.words)}</span> <button type="button" class="act" data-do="cancel">Cancel</button>`;
    return html`<button type="button" class="act" data-do="get">Get ${suggested.name} (${formatBytes(suggested.bytes)})</button>`;
  }

  /** @param {`models/${string}/get` | `jobs/${string}/cancel`} path */
  async act(path) {
    try { mergeJob(await api.post(path)); } catch (error) { failed(error); }
    this.draw();
    pollNow();
  }
}
