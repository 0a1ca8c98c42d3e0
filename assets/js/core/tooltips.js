// The names of icon buttons, shown on hover, on keyboard focus, and on a long press. Screen readers have them as labels.

import { targetOf } from "./dom.js";

const LATER = 400; // ms of hover
const LONG = 500; // ms of a long press
const READING = 1500; // ms that it stays after a long press

/**
 * Whether a button has a sign instead of words.
 * @param {HTMLElement} element
 */
const isIcon = (element) => !/[\p{L}\p{N}]/u.test(element.innerText ?? "");

/** @param {HTMLElement} element */
const nameOf = (element) => element.dataset.tip ?? element.getAttribute("aria-label") ?? "";

/**
 * The icon button at an event. Its title moves here, so that the browser does not show it as well.
 * @param {Event} event
 */
function buttonAt(event) {
  const found = /** @type {HTMLElement | null} */ (targetOf(event).closest?.(".part :is(button, a, label.quiet, .quiet), .viewer-button"));
  if (!found || !isIcon(found)) return null;
  if (found.title) {
    found.dataset.tip = found.title;
    if (!found.hasAttribute("aria-label") && found.matches("button, a")) found.setAttribute("aria-label", found.title);
    found.removeAttribute("title");
  }
  return nameOf(found) ? found : null;
}

class Tooltip {
  constructor() {
    this.box = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
    this.box.setAttribute("aria-hidden", "true"); // the button has the same words as its name
    this.box.popover = "manual"; // above dialogs
    document.body.append(this.box);
    /** @type {HTMLElement | null} */
    this.button = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.long = false;
  }

  /**
   * @param {HTMLElement | null} button
   * @param {number} wait
   */
  later(button, wait) {
    if (button === this.button) return;
    this.hide();
    this.button = button;
    if (button) this.timer = setTimeout(() => this.show(), wait);
  }

  show() {
    const { button, box } = this;
    if (!button?.isConnected) return;
    box.textContent = nameOf(button);
    box.hidden = false;
    box.showPopover();
    const at = button.getBoundingClientRect(), { width, height } = box.getBoundingClientRect();
    const above = at.top - height - 8;
    box.style.left = `${Math.min(innerWidth - width - 8, Math.max(8, at.left + at.width / 2 - width / 2))}px`;
    box.style.top = `${above > 4 ? above : at.bottom + 8}px`;
  }

  hide() {
    clearTimeout(this.timer);
    this.button = null;
    if (this.box.hidden) return;
    this.box.hidePopover();
    this.box.hidden = true;
  }
}

/** Start listening. */
export function labelIcons() {
  const tip = new Tooltip();
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && tip.later(buttonAt(event), LATER));
  document.addEventListener("focusin", (event) => targetOf(event).matches(":focus-visible") && tip.later(buttonAt(event), 0));
  document.addEventListener("focusout", () => tip.hide());
  document.addEventListener("pointerdown", (event) => {
    tip.hide();
    tip.long = false;
    const button = event.pointerType === "touch" && buttonAt(event);
    if (!button) return;
    tip.button = button;
    tip.timer = setTimeout(() => { tip.long = true; tip.show(); }, LONG);
  });
  const release = () => {
    if (tip.long) setTimeout(() => tip.hide(), READING); else tip.hide();
  };
  document.addEventListener("pointerup", (event) => event.pointerType === "touch" && release());
  document.addEventListener("pointercancel", () => tip.hide());
  document.addEventListener("contextmenu", (event) => { if (tip.long) event.preventDefault(); });
  document.addEventListener("click", (event) => { // a long press asks for the name, it does not press
    if (!tip.long) return;
    tip.long = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("keydown", (event) => event.key === "Escape" && tip.hide());
  addEventListener("scroll", () => tip.hide(), true);
}
