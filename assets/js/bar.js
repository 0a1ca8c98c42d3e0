// The head of the page: the tabs, the project in hand, the device meter, the menu.

import * as api from "./api.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon, refill } from "./dom.js";
import { open } from "./doors.js";
import { project } from "./film.js";
import { forget } from "./keep.js";
import { popover } from "./layers.js";
import { look, looks, wear } from "./look.js";
import { failed, toast } from "./toast.js";
import { bytes, capital } from "./words.js";

const bars = (device) => {
  const full = device.total_bytes ? Math.min(100, (100 * device.used_bytes) / device.total_bytes) : 0;
  const [used, total] = [bytes(device.used_bytes), bytes(device.total_bytes)];
  const same = used.slice(-2) === total.slice(-2);
  return html`<span class="name">${capital(device.name)}</span><span class="meter" aria-hidden="true"><i style="width:${full.toFixed(0)}%"></i></span>
    <b>${same ? used.slice(0, -3) : used} of ${total}</b>`;
};

export class Bar {
  constructor({ element }) {
    this.root = element.querySelector(".bar");
    this.part = (name) => this.root.querySelector(name);
    doing(this.root, {
      take: (target) => this.take(target.dataset.project || null),
      look: (target) => { wear(target.dataset.look); this.menu(); },
      tell: () => this.tell(),
    });
    this.root.addEventListener("click", (event) => this.go(event));
    this.part("#menu").addEventListener("click", (event) => { if (event.target.closest("a, .hand")) this.part("#menu").hidePopover(); });
    this.part("#projects").addEventListener("submit", (event) => { event.preventDefault(); this.create(event.target); });
    // what was typed is for whoever typed it: not for the next person at this browser
    this.part("form[action=logout]").addEventListener("submit", () => forget());
    for (const pop of this.root.querySelectorAll("[popover]")) this.anchored(pop);
    on("device", (device) => this.device(device));
    on("tab", (name) => this.mark(name));
    this.hello();
    this.mark(document.body.dataset.tab);
  }

  go(event) {
    const link = event.target.closest("a[href^='#']");
    if (link) { event.preventDefault(); open(link.hash.slice(1)); }
  }

  /** A menu hangs under its button. */
  anchored(pop) {
    const button = this.root.querySelector(`[popovertarget="${pop.id}"]`);
    popover(pop);
    pop.addEventListener("toggle", (event) => {
      button.setAttribute("aria-expanded", String(event.newState === "open"));
      const spot = button.getBoundingClientRect(); // all zero where a phone hides it
      pop.style.top = `${Math.max(58, spot.bottom + 8)}px`;
      pop.style.right = `${spot.width ? Math.max(8, innerWidth - spot.right) : 8}px`;
    });
  }

  mark(name) {
    for (const link of document.querySelectorAll(".bar a[href^='#'], .doors a")) {
      const making = link.dataset.door === "make" && !["library", "cast", "models", "studio"].includes(name);
      const here = link.hash === `#${name}` || making;
      if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    }
  }

  // -- who, and on what

  async hello() {
    try {
      const [me, projects] = await Promise.all([api.me(), api.get("projects")]);
      this.who = me.name;
      this.part("#menu .owners").hidden = me.role !== "owner";
      this.everyone = me.people === 2 ? "Both of you" : "All of you";
      this.part("#projects .all").textContent = me.people === 2 ? "Both of us" : "All of us";
      this.projects = projects;
      this.hand(me.project_id);
      this.menu();
    } catch (error) { failed(error); }
  }

  hand(id) {
    project.id = id;
    project.all = this.projects;
    const one = this.projects.find((candidate) => candidate.id === id);
    project.name = one?.name ?? "My own work";
    for (const name of this.root.querySelectorAll(".in-hand")) name.textContent = project.name;
    const row = (key, name, note) => html`<button type="button" role="menuitemradio" aria-checked="${String((id ?? "") === key)}" data-do="take" data-project="${key}">
      <span><b>${name}</b><small>${note}</small></span>${(id ?? "") === key && icon("check")}</button>`;
    fill(this.part("#projects .list"), html`${row("", "My own work", "Only you see it.")}
      ${this.projects.map((one) => row(one.id, one.name, one.shared ? `${this.everyone} see it.` : "Only you see it."))}`);
    say("project", id);
  }

  async take(id) {
    try {
      await api.post("projects/in-hand", { project_id: id });
      this.hand(id);
      this.part("#projects").hidePopover();
    } catch (error) { failed(error); }
  }

  async create(form) {
    const name = form.name.value.trim();
    if (!name) return form.name.focus();
    try {
      const made = await api.post("projects", { name, shared: form.shared.value === "yes" });
      this.projects = [...this.projects, made];
      form.reset();
      await this.take(made.id);
    } catch (error) { failed(error); }
  }

  // -- menu and meter

  menu() {
    fill(this.part("#menu .who"), html`${icon("make")}<span><b>${this.who}</b><small>Signed in</small></span>`);
    fill(this.part("#menu .looks"), html`${looks.map(([key, name]) =>
      html`<button type="button" aria-pressed="${String(look() === key)}" data-do="look" data-look="${key}">${name}</button>`)}`);
    const tell = this.part("[data-do=tell]");
    tell.hidden = !("Notification" in window) || Notification.permission !== "default";
  }

  async tell() {
    await Notification.requestPermission();
    this.menu();
    if (Notification.permission === "granted") toast("You will be told when something is done.");
  }

  device(device) {
    const pill = this.part(".device");
    pill.hidden = false;
    pill.title = device.words;
    refill(pill, bars(device));
  }
}
