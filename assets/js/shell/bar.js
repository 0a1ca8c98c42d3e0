// The bar at the top: the tabs, the current project, the device meter, the menu.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { dataOf, fieldsOf, find, findAll, formOf, html, onAction, render, renderChanged, targetOf } from "../core/dom.js";
import { clearOldDrafts } from "../core/old-drafts.js";
import { capitalize, formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { trackPopover } from "../core/layers.js";
import { activeProjects, audience, project } from "../core/project.js";
import { applyTheme, currentTheme, themes } from "../core/theme.js";
import { failed, toast } from "../core/toast.js";
import { QueueStatus } from "../queue/status.js";
import { isMenuPage, openTab } from "./router.js";
import { SearchDialog } from "./search.js";

/**
 * @import { ProjectView } from "../types/api.js"
 * @import { Events } from "../types/events.js"
 * @import { Part } from "../types/page.js"
 */

/** @typedef {Events["device"]} Device */

const FULL = 0.8; // of the memory; below that, the meter matters to nobody

/** @param {Device} device */
const bars = (device) => {
  const full = device.total_bytes ? Math.min(100, (100 * device.used_bytes) / device.total_bytes) : 0;
  const [used, total] = [formatBytes(device.used_bytes), formatBytes(device.total_bytes)];
  const same = used.slice(-2) === total.slice(-2);
  return html`<span class="name">${capitalize(device.name)}</span><span class="meter" aria-hidden="true"><i style="width:${full.toFixed(0)}%"></i></span>
    <b>${same ? used.slice(0, -3) : used} of ${total}</b>`;
};

export class TopBar {
  /** @type {ProjectView[]} */
  projects;
  /** @type {string} */
  who;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".bar");
    this.search = new SearchDialog(this.root);
    onAction(this.root, {
      take: (target) => this.take(dataOf(target).project || null),
      look: (target) => { applyTheme(dataOf(target).look); this.menu(); },
      tell: () => this.tell(),
      search: () => this.search.show(),
      shortcuts: () => { this.part("#menu").hidePopover(); emit("shortcuts"); },
    });
    this.root.addEventListener("click", (event) => this.go(event));
    this.part("#menu").addEventListener("click", (event) => { if (targetOf(event).closest("a, .hand")) this.part("#menu").hidePopover(); });
    this.part("#projects .page-link").addEventListener("click", () => this.part("#projects").hidePopover());
    this.part("#projects").addEventListener("submit", (event) => { event.preventDefault(); this.create(formOf(event)); });
    // drafts are private: the next person at this browser must not see them
    this.part("form[action=logout]").addEventListener("submit", () => clearOldDrafts());
    for (const pop of findAll(this.root, "[popover]")) this.anchored(pop);
    on("device", (device) => this.device(device));
    on("formChanged", ({ tight }) => {
      this.tight = Boolean(tight);
      const pill = this.part(".device");
      pill.hidden = !pill.hasChildNodes() || (!this.full && !this.tight);
    });
    on("tab", (name) => this.mark(name));
    new QueueStatus(this.part(".status"));
    on("projects", () => this.renew());
    this.hello();
    this.mark(document.body.dataset.tab ?? "");
  }

  /** @param {string} selector */
  part(selector) { return find(this.root, selector); }

  /** @param {MouseEvent} event */
  go(event) {
    const link = /** @type {HTMLAnchorElement | null} */ (targetOf(event).closest("a[href^='#']"));
    if (link) { event.preventDefault(); openTab(link.hash.slice(1)); }
  }

  /**
   * Position a menu under its button.
   * @param {HTMLElement} pop
   */
  anchored(pop) {
    const button = find(this.root, `[popovertarget="${pop.id}"]`);
    trackPopover(pop);
    pop.addEventListener("toggle", (event) => {
      button.setAttribute("aria-expanded", String(event.newState === "open"));
      const spot = button.getBoundingClientRect(); // all zeros if a phone hides it
      pop.style.top = `${Math.max(58, spot.bottom + 8)}px`;
      pop.style.right = `${spot.width ? Math.max(8, innerWidth - spot.right) : 8}px`;
    });
  }

  /** @param {string} name */
  mark(name) {
    for (const link of findAll(document, ".bar a[href^='#'], .bottom-bar a", HTMLAnchorElement)) {
      const making = dataOf(link).link === "make" && !isMenuPage(name);
      const here = link.hash === `#${name}` || making;
      if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
  }

  // -- person and project

  async hello() {
    try {
      const [me, projects] = await Promise.all([api.me(), api.get("projects")]);
      this.who = me.name;
      this.part("#menu .owners").hidden = me.role !== "owner";
      this.part("#projects .all").textContent = me.people === 2 ? "Both of us" : "All of us";
      this.projects = projects;
      this.showProject(me.project_id);
      this.menu();
    } catch (error) { failed(error); }
  }

  /** A project was changed, perhaps archived. */
  async renew() {
    try {
      const [me, projects] = await Promise.all([api.get("me"), api.get("projects")]);
      this.projects = projects;
      this.showProject(me.project_id);
    } catch (error) { failed(error); }
  }

  /** @param {string | null} id */
  showProject(id) {
    project.id = id;
    project.all = this.projects;
    project.loaded = true;
    const one = this.projects.find((candidate) => candidate.id === id);
    project.name = one?.name ?? "My own work";
    for (const name of findAll(this.root, ".in-hand")) name.textContent = project.name;
    /**
     * @param {string} key
     * @param {string} name
     * @param {string} note
     */
    const row = (key, name, note) => html`<button type="button" role="menuitemradio" aria-checked="${String((id ?? "") === key)}" data-do="take" data-project="${key}">
      <span><b>${name}</b><small>${note}</small></span>${(id ?? "") === key && icon("check")}</button>`;
    render(this.part("#projects .list"), html`${row("", "My own work", `${capitalize(audience())}.`)}
      ${activeProjects().map((listed) => row(listed.id, listed.name, `${capitalize(audience(listed))}.`))}`);
    emit("project", id);
  }

  /** @param {string | null} id */
  async take(id) {
    try {
      await api.post("projects/in-hand", { project_id: id });
      this.showProject(id);
      this.part("#projects").hidePopover();
    } catch (error) { failed(error); }
  }

  /** @param {HTMLFormElement} form */
  async create(form) {
    const { name: field, shared } = fieldsOf(form), name = field.value.trim();
    if (!name) return field.focus();
    try {
      const made = await api.post("projects", { name, shared: shared.value === "yes" });
      this.projects = [...this.projects, made];
      form.reset();
      await this.take(made.id);
    } catch (error) { failed(error); }
  }

  // -- menu and meter

  menu() {
    render(this.part("#menu .who"), html`${icon("make")}<span><b>${this.who}</b><small>Signed in</small></span>`);
    render(this.part("#menu .looks"), html`${themes.map(([key, name]) =>
      html`<button type="button" aria-pressed="${String(currentTheme() === key)}" data-do="look" data-look="${key}">${name}</button>`)}`);
    const tell = this.part("[data-do=tell]");
    tell.hidden = !("Notification" in window) || Notification.permission !== "default";
  }

  async tell() {
    await Notification.requestPermission();
    this.menu();
    if (Notification.permission === "granted") toast("You will be notified when a job is done.");
  }

  /** @param {Device} device */
  device(device) {
    const pill = this.part(".device");
    this.full = device.used_bytes > FULL * device.total_bytes;
    pill.hidden = !this.full && !this.tight;
    pill.title = device.words;
    renderChanged(pill, bars(device));
  }
}
