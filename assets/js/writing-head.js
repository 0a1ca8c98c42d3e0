// The head of a talk: its name, who sees it, and what can be done with the whole of it.

import { doing, fill, html, icon } from "./dom.js";
import { project } from "./film.js";
import { popover, showModal } from "./layers.js";
import { toast } from "./toast.js";

const FORMS = [["md", "Markdown"], ["txt", "Text"], ["docx", "Word"], ["html", "Web page"], ["fountain", "Screenplay (Fountain)"], ["fdx", "Final Draft"]];

export class Head {
  /** ``acts``: sheet(), new(), remove(), copy(), change(changes), which resolves when it is done. */
  constructor(root, acts) {
    this.root = root.querySelector(".head");
    this.others = root.querySelector(".others b");
    this.sheet = root.querySelector(".save-sheet");
    this.acts = acts;
    this.root.querySelector(".lists").insertAdjacentHTML("afterbegin", `${icon("list")}`);
    doing(this.root, {
      sheet: acts.sheet, new: acts.new, remove: acts.remove, copy: acts.copy, rename: () => this.rename(), export: () => this.save(),
      move: async (button) => { if (await acts.change({ project_id: button.dataset.project || null })) toast("Moved."); },
    });
    doing(this.sheet, { save: (button) => this.saving(button.dataset.as), shut: () => this.sheet.close() });
    this.anchor(this.root.querySelector("#talk-menu"), this.root.querySelector(".more-talk"));
  }

  /** The menu hangs under its button and closes with a choice. */
  anchor(menu, opener) {
    popover(menu);
    menu.addEventListener("toggle", (event) => {
      opener.setAttribute("aria-expanded", String(event.newState === "open"));
      const spot = opener.getBoundingClientRect();
      menu.style.top = `${spot.bottom + 8}px`;
      menu.style.right = `${Math.max(8, innerWidth - spot.right)}px`;
    });
    menu.addEventListener("click", (event) => event.target.closest("button") && menu.hidePopover());
  }

  show(talk) {
    this.talk = talk;
    const projects = project.all ?? [];
    const one = projects.find(({ id }) => id === (talk ? talk.project_id : project.id));
    const seen = one ? `${one.name}: ${one.shared ? "everyone in the studio reads along" : "only you see it"}` : "My own work: only you see it";
    this.root.querySelector("h2").textContent = talk?.title ?? "New conversation";
    this.root.querySelector(".where").textContent = talk && !talk.mine ? `${talk.owner} writes here; you read along.` : seen;
    for (const button of this.root.querySelectorAll("[data-own]")) button.hidden = !talk?.mine;
    this.root.querySelector(".more-talk").hidden = !talk;
    const places = [{ id: "", name: "My own work" }, ...projects].filter(({ id }) => id !== (talk?.project_id ?? ""));
    fill(this.root.querySelector(".moves"), talk?.mine ? html`${places.map(({ id, name }) =>
      html`<button type="button" data-do="move" data-project="${id}">Move to ${name}</button>`)}` : "");
    this.others.textContent = talk?.owner ?? "";
  }

  rename() {
    const heading = this.root.querySelector("h2"), input = this.root.querySelector(".name");
    input.value = this.talk.title;
    heading.hidden = true;
    input.hidden = false;
    input.focus();
    input.select();
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

  /** Ask as what to save: the whole talk, or one answer of it. */
  save(message) {
    this.saved = message?.id ?? "";
    this.sheet.querySelector("h3").textContent = message?.id ? "Save this answer" : "Save the conversation";
    fill(this.sheet.querySelector(".forms"), html`${FORMS.map(([form, name]) => html`<button type="button" class="step" data-do="save" data-as="${form}">${name}</button>`)}`);
    showModal(this.sheet);
  }

  saving(form) {
    const query = new URLSearchParams({ as: form, ...(this.saved ? { message: this.saved } : {}) });
    const link = Object.assign(document.createElement("a"), { href: `api/conversations/${this.talk.id}/export?${query}`, download: "" });
    link.click();
    this.sheet.close();
  }
}
