// A menu of actions that its button opens (popovertarget). Its content is rendered each time it opens, so the page around it may change freely.

import { find, query, render, targetOf } from "./dom.js";
import { trackPopover } from "./layers.js";
import { placeMenu } from "./menu-position.js";

/** @import { Renderable } from "./dom.js" */

/**
 * Add a menu to ``root``, whose button has popovertarget="``id``".
 * @param {HTMLElement} root
 * @param {string} id
 * @param {string} label
 * @param {() => Renderable} content
 */
export function addMenu(root, id, label, content) {
  const menu = Object.assign(document.createElement("div"), { id, className: "actions-menu", popover: "auto", ariaLabel: label });
  menu.setAttribute("role", "group");
  root.append(menu);
  trackPopover(menu);
  menu.addEventListener("beforetoggle", (event) => { if (event.newState === "open") render(menu, content()); });
  menu.addEventListener("toggle", (event) => {
    const button = query(root, `[popovertarget="${id}"]`);
    button?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "open" || !button) return;
    const { left, top } = placeMenu(button.getBoundingClientRect(), menu.getBoundingClientRect(), { width: innerWidth, height: innerHeight });
    Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
    find(menu, "button, a").focus();
  });
  menu.addEventListener("click", (event) => { if (targetOf(event).closest("button, a")) menu.hidePopover(); });
}
