// Studio: what the owner looks after. Each section is drawn from its own route, and says so when that fails.

import * as api from "./api.js";
import { on } from "./bus.js";
import { doing, fill, html } from "./dom.js";
import { showModal } from "./layers.js";
import * as machine from "./studio-page-machine.js";
import * as people from "./studio-page-people.js";
import { failed, toast } from "./toast.js";

/** Which route draws which sections; a route is asked once for all of them. */
const sections = {
  "studio/people": { people: people.list },
  "studio/devices": { devices: people.devices },
  "studio/tokens": { tokens: people.tokens },
  "studio/phone": { phone: machine.phone },
  "studio/health": { health: machine.health },
  "studio/failures": { failures: machine.failures },
  "library/space": { disk: machine.disk },
  "studio/unclaimed": { unclaimed: machine.unclaimed },
  "studio/backup": { backup: machine.backup },
  "studio/about": { settings: machine.settings, news: machine.news },
};

export class StudioPage {
  constructor({ element }) {
    this.root = element.querySelector(".house");
    this.dialog = this.root.querySelector("dialog");
    this.told = {};
    doing(this.root, {
      to: ({ dataset }) => this.go(dataset.section),
      close: () => this.dialog.close(),
      copy: (target) => copy(target),
      share: ({ dataset }) => navigator.share({ url: dataset.text }).catch(() => {}),
      again: ({ dataset }) => this.draw(dataset.route),
      reclaim: (target) => this.act(target, () => api.post("studio/unclaimed"), "studio/unclaimed"),
      backup: (target) => this.act(target, () => api.post("studio/backup"), "studio/backup"),
      ...people.actions(this),
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => fill(this.dialog, "")); // a link is shown once
    on("tab", (name) => name === "studio" && this.show());
    if (document.body.dataset.tab === "studio") this.show();
  }

  part(name) { return this.root.querySelector(`.body[data-section="${name}"]`); }

  go(name) {
    const section = this.root.querySelector(`#studio-${name}`);
    section.scrollIntoView({ block: "start", behavior: "smooth" });
    section.focus({ preventScroll: true });
  }

  async show() {
    try {
      this.me = await api.get("me");
    } catch (error) { return failed(error); }
    const mine = this.me.role === "owner";
    const closed = this.root.querySelector(".closed");
    closed.hidden = mine;
    closed.textContent = mine ? "" : "This page is for the owner of the studio.";
    for (const part of this.root.querySelectorAll("nav, .rooms")) part.hidden = !mine;
    if (mine) await Promise.all(Object.keys(sections).map((route) => this.draw(route)));
  }

  /** Ask a route and draw what hangs on it. */
  async draw(route) {
    try {
      this.told[route] = await api.get(route);
      for (const [name, markup] of Object.entries(sections[route])) fill(this.part(name), markup(this.told[route], this));
      machine.settle(this.root);
      if (this.told[route].running) setTimeout(() => this.draw(route), 700);
    } catch (error) {
      for (const name of Object.keys(sections[route])) {
        fill(this.part(name), html`<p class="bare">${error.message}</p>
          <button type="button" class="step" data-do="again" data-route="${route}">Try again</button>`);
      }
    }
  }

  /** Do something, then draw what it changed. Resolves to its answer; undefined when it did not work. */
  async act(button, does, ...routes) {
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    try {
      const answer = await does();
      await Promise.all(routes.map((route) => this.draw(route)));
      return answer ?? true;
    } catch (error) {
      const wrong = this.dialog.open && this.dialog.querySelector(".wrong");
      if (wrong) wrong.textContent = error.message; else failed(error);
      return undefined;
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  open(markup) {
    fill(this.dialog, markup);
    showModal(this.dialog);
    const first = ["[autofocus]", "input", "form button", "button"].map((kind) => this.dialog.querySelector(kind)).find(Boolean);
    first.focus();
  }
}

/** Into the clipboard; where a browser gives none (http), the text is marked so that a person can copy it. */
async function copy(target) {
  const field = target.closest(".copied").querySelector("input, code");
  try {
    await navigator.clipboard.writeText(target.dataset.text);
  } catch {
    if (field.select) field.select(); else getSelection().selectAllChildren(field);
    if (!document.execCommand("copy")) return void toast("It is marked: copy it with the keyboard or a long press.");
  }
  target.textContent = "Copied";
}
