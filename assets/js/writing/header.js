// The head of a conversation: its name, who can see it, and its actions.

import { dataOf, find, findAll, findField, html, onAction, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { showModal, trackPopover } from "../core/layers.js";
import { activeProjects, audience, project } from "../core/project.js";
import { toast } from "../core/toast.js";

/**
 * @import { MessageView, ConversationDetail } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 */

/**
 * @typedef {object} HeaderActs
 * @property {() => void} sheet shows the list of conversations
 * @property {() => void} new
 * @property {() => void} remove
 * @property {() => void} copy
 * @property {(changes: Values) => Promise<unknown>} change resolves to true on success
 */

const FORMS = [["md", "Markdown"], ["txt", "Text"], ["docx", "Word"], ["html", "Web page"], ["fountain", "Screenplay (Fountain)"], ["fdx", "Final Draft"]];

export class ConversationHeader {
  /** @type {ConversationDetail | null} */
  talk;
  /** @type {string} */
  saved;

  /**
   * ``acts``: sheet(), new(), remove(), copy(), change(changes), which resolves when it is done.
   * @param {HTMLElement} root
   * @param {HeaderActs} acts
   */
  constructor(root, acts) {
    this.root = find(root, ".head");
    this.others = find(root, ".others b");
    this.sheet = find(root, ".save-sheet", HTMLDialogElement);
    this.acts = acts;
    find(this.root, ".lists").insertAdjacentHTML("afterbegin", `${icon("list")}`);
    onAction(this.root, {
      sheet: acts.sheet, new: acts.new, remove: acts.remove, copy: acts.copy, rename: () => this.rename(), export: () => this.save(null),
      move: async (button) => { if (await acts.change({ project_id: dataOf(button).project || null })) toast("Moved."); },
    });
    onAction(this.sheet, { save: (button) => this.saving(dataOf(button).as), shut: () => this.sheet.close() });
    this.anchor(find(this.root, "#talk-menu"), find(this.root, ".more-talk"));
  }

  /**
   * Position the menu under its button; it closes with a choice.
   * @param {HTMLElement} menu
   * @param {HTMLElement} opener
   */
  anchor(menu, opener) {
    trackPopover(menu);
    menu.addEventListener("toggle", (event) => {
      opener.setAttribute("aria-expanded", String(event.newState === "open"));
      const spot = opener.getBoundingClientRect();
      menu.style.top = `${spot.bottom + 8}px`;
      menu.style.right = `${Math.max(8, innerWidth - spot.right)}px`;
    });
    menu.addEventListener("click", (event) => targetOf(event).closest("button") && menu.hidePopover());
  }

  /** @param {ConversationDetail | null} talk */
  show(talk) {
    this.talk = talk;
    const place = (project.all ?? []).find(({ id }) => id === (talk ? talk.project_id : project.id));
    const seen = `${place?.name ?? "My own work"}: ${audience(place)}`;
    find(this.root, "h2").textContent = talk?.title ?? "New conversation";
    find(this.root, ".where").textContent = talk && !talk.mine ? `${talk.owner}'s conversation. You can read it but not reply.` : seen;
    for (const button of findAll(this.root, "[data-own]")) button.hidden = !talk?.mine;
    find(this.root, ".more-talk").hidden = !talk;
    const places = [{ id: "", name: "My own work" }, ...activeProjects()].filter(({ id }) => id !== (talk?.project_id ?? ""));
    render(find(this.root, ".moves"), talk?.mine ? html`${places.map(({ id, name }) =>
      html`<button type="button" data-do="move" data-project="${id}">Move to ${name}</button>`)}` : "");
    this.others.textContent = talk?.owner ?? "";
  }

  rename() {
    const heading = find(this.root, "h2"), input = findField(this.root, ".name");
    input.value = this.talk?.title ?? "";
    heading.hidden = true;
    input.hidden = false;
    input.focus();
    input.select();
    /** @param {boolean} keep */
    const done = (keep) => {
      if (input.hidden) return;
      input.hidden = true;
      heading.hidden = false;
      if (keep && input.value.trim() && input.value.trim() !== this.talk?.title) this.acts.change({ title: input.value });
    };
    input.onblur = () => done(true);
    input.onkeydown = (event) => {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); event.stopPropagation(); done(event.key === "Enter"); }
    };
  }

  /**
   * Ask for the format to save the conversation or one answer in.
   * @param {MessageView | null | undefined} message
   */
  save(message) {
    this.saved = message?.id ?? "";
    find(this.sheet, "h3").textContent = message?.id ? "Save this answer" : "Save the conversation";
    render(find(this.sheet, ".forms"), html`${FORMS.map(([form, name]) => html`<button type="button" class="step" data-do="save" data-as="${form}">${name}</button>`)}`);
    showModal(this.sheet);
  }

  /** @param {string} form */
  saving(form) {
    const query = new URLSearchParams({ as: form, ...(this.saved ? { message: this.saved } : {}) });
    const link = Object.assign(document.createElement("a"), { href: `api/conversations/${this.talk?.id}/export?${query}`, download: "" });
    link.click();
    this.sheet.close();
  }
}
