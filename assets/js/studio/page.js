// The Studio page for owners. Each section is rendered from its own route and reports its own errors.

import * as api from "../core/api.js";
import { on } from "../core/bus.js";
import { whileBusy } from "../core/busy.js";
import { closest, dataOf, find, findAll, html, onAction, query, render } from "../core/dom.js";
import { keepFocus } from "../core/focus.js";
import { showModal } from "../core/layers.js";
import { scrollBehavior } from "../core/motion.js";
import { failed, toast } from "../core/toast.js";
import * as machine from "./machine.js";
import * as people from "./people.js";

/**
 * @import { Renderable } from "../core/dom.js"
 * @import { GetRoutes, Me } from "../types/api.js"
 * @import { Part } from "../types/page.js"
 */

/** @typedef {keyof typeof sections} SectionRoute */

/**
 * The sections of each route; one request per route renders all of them.
 * @satisfies {{ [Route in keyof GetRoutes]?: Record<string, (answer: GetRoutes[Route], page: StudioPage) => Renderable> }}
 */
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
  /** @type {Me} */
  me;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".house");
    this.dialog = find(this.root, "dialog", HTMLDialogElement);
    /** The last response of each route. @type {Partial<{ [Route in SectionRoute]: any }>} */
    this.answers = {};
    onAction(this.root, {
      to: (target) => this.go(dataOf(target).section),
      close: () => this.dialog.close(),
      copy: (target) => copy(target),
      share: (target) => navigator.share({ url: dataOf(target).text }).catch(() => {}),
      again: (target) => this.draw(/** @type {SectionRoute} */ (dataOf(target).route)),
      reclaim: (target) => this.act(target, () => api.post("studio/unclaimed"), "studio/unclaimed"),
      backup: (target) => this.act(target, () => api.post("studio/backup"), "studio/backup"),
      ...people.actions(this),
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => render(this.dialog, "")); // a link is shown only once
    on("tab", (name) => name === "studio" && this.show());
    if (document.body.dataset.tab === "studio") this.show();
  }

  /** @param {string} name */
  part(name) { return find(this.root, `.body[data-section="${name}"]`); }

  /** @param {string} name */
  go(name) {
    const section = find(this.root, `#studio-${name}`);
    section.scrollIntoView({ block: "start", behavior: scrollBehavior() });
    section.focus({ preventScroll: true });
  }

  async show() {
    try {
      this.me = await api.get("me");
    } catch (error) { return failed(error); }
    const mine = this.me.role === "owner";
    const closed = find(this.root, ".closed");
    closed.hidden = mine;
    closed.textContent = mine ? "" : "This page is for the owner of the studio.";
    for (const part of findAll(this.root, "nav, .rooms")) part.hidden = !mine;
    if (mine) await Promise.all(/** @type {SectionRoute[]} */ (Object.keys(sections)).map((route) => this.draw(route)));
  }

  /**
   * Request a route and render its sections.
   * @param {SectionRoute} route
   */
  async draw(route) {
    try {
      /** @type {any} */
      const answer = await api.get(route);
      this.answers[route] = answer;
      for (const [name, markup] of Object.entries(sections[route])) {
        keepFocus(find(this.root, `#studio-${name}`), () => render(this.part(name), markup(answer, this)));
      }
      machine.renderQrCodes(this.root);
      if (answer.running) setTimeout(() => this.draw(route), 700);
    } catch (error) {
      for (const name of Object.keys(sections[route])) {
        render(this.part(name), html`<p class="bare">${api.messageOf(error)}</p>
          <button type="button" class="step" data-do="again" data-route="${route}">Try again</button>`);
      }
    }
  }

  /**
   * Run an action, then render what it changed. Resolves to the response; undefined if it failed or the button was busy.
   * @template T
   * @param {HTMLButtonElement} button
   * @param {() => Promise<T>} does
   * @param {...SectionRoute} routes
   */
  act(button, does, ...routes) {
    return whileBusy(button, async () => {
      try {
        const answer = await does();
        await Promise.all(routes.map((route) => this.draw(route)));
        return answer ?? /** @type {const} */ (true);
      } catch (error) {
        const wrong = this.dialog.open && query(this.dialog, ".wrong");
        if (wrong) wrong.textContent = api.messageOf(error); else failed(error);
        return undefined;
      }
    });
  }

  /** @param {unknown} markup */
  open(markup) {
    render(this.dialog, markup);
    showModal(this.dialog);
    const first = ["[autofocus]", "input", "form button", "button"].map((kind) => query(this.dialog, kind)).find(Boolean);
    first?.focus();
  }
}

/**
 * Copy to the clipboard. If the browser has none (http), select the text so that the person can copy it.
 * @param {HTMLElement} target
 */
async function copy(target) {
  const field = find(closest(target, ".copied"), "input, code");
  try {
    await navigator.clipboard.writeText(dataOf(target).text);
  } catch {
    if (field instanceof HTMLInputElement) field.select(); else getSelection()?.selectAllChildren(field);
    if (!document.execCommand("copy")) return void toast("Selected: press Ctrl+C, or long-press, to copy.");
  }
  target.textContent = "Copied";
}
