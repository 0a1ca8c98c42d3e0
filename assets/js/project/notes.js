// The notes of a project: saved while typing. If someone else changed them in the meantime, nothing is overwritten.

import * as api from "../core/api.js";
import { find, html, onAction, render } from "../core/dom.js";

/** @import { ProjectDetail } from "../types/api.js" */

const PAUSE = 800; // ms after the last key before the notes are saved

export class ProjectNotes {
  /** @type {ReturnType<typeof setTimeout>} */
  typing;
  /** @type {Promise<void> | null} */
  saving;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.field = find(root, ".project-notes", HTMLTextAreaElement);
    this.state = find(root, ".notes-state");
    this.wrong = find(root, ".notes-wrong");
    this.id = "";
    this.stored = ""; // the text the studio has
    this.saving = null;
    /** Text that could not be saved, and the stored one it comes from, by project. @type {Map<string, { text: string, stored: string }>} */
    this.unsaved = new Map();
    this.field.addEventListener("input", () => {
      this.state.textContent = "";
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.save(), PAUSE);
    });
    this.field.addEventListener("blur", () => this.save());
    addEventListener("pagehide", () => this.save());
    onAction(this.wrong, { mine: () => this.keepMine(), theirs: () => this.takeTheirs() });
  }

  get changed() { return this.field.value !== this.stored; }

  /**
   * Show a project's notes; text that is not saved yet stays.
   * @param {ProjectDetail} project
   */
  show(project) {
    if (project.id === this.id && (this.changed || this.saving)) return;
    if (project.id !== this.id) { this.state.textContent = ""; this.wrong.hidden = true; }
    if (this.changed) this.unsaved.set(this.id, { text: this.field.value, stored: this.stored });
    this.id = project.id;
    const { text, stored } = this.unsaved.get(project.id) ?? { text: project.notes, stored: project.notes };
    this.unsaved.delete(project.id);
    this.stored = stored;
    if (this.field.value !== text) this.field.value = text;
    this.save();
  }

  /** Save what was typed, before another project is shown. */
  async leave() {
    clearTimeout(this.typing);
    if (this.id) await this.save();
  }

  async save() {
    clearTimeout(this.typing);
    await this.saving;
    if (!this.changed || !this.wrong.hidden) return;
    this.saving = this.send();
    await this.saving;
    this.saving = null;
  }

  async send() {
    const { id } = this, text = this.field.value;
    try {
      const { notes } = await api.patch(`projects/${id}`, { notes: text, notes_before: this.stored });
      if (id !== this.id) return;
      this.stored = notes;
      if (this.field.value === text) this.field.value = notes; // as the studio stores it
      this.state.textContent = "Saved.";
    } catch (error) {
      const differs = error instanceof api.Problem && error.problem.code === "notes_changed";
      this.wrong.hidden = false;
      render(this.wrong, html`<p>${differs ? "Someone else changed these notes in the meantime. Yours are not saved yet." : api.messageOf(error)}</p>
        <div class="steps"><button type="button" class="step" data-do="mine">${differs ? "Keep mine" : "Try again"}</button>
          ${differs && html`<button type="button" class="step" data-do="theirs">Show theirs</button>`}</div>`);
    }
  }

  async keepMine() {
    this.stored = await this.theirs() ?? this.stored;
    this.wrong.hidden = true;
    await this.save();
  }

  async takeTheirs() {
    const theirs = await this.theirs();
    if (theirs === null) return;
    this.stored = this.field.value = theirs;
    this.wrong.hidden = true;
  }

  /** The notes the studio has; null if it does not respond. */
  async theirs() {
    return (await api.get(`projects/${this.id}`).catch(() => null))?.notes ?? null;
  }
}
