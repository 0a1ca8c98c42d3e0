// Each layer over the page (dialog, sheet, menu) is an entry in the browser's history: Back closes the topmost layer, and
// closing it another way goes back one entry. A layer's entry has its page's address and stores how many layers are
// open; after each change the history is moved to that depth.

import { query, targetOf } from "./dom.js";

/** @type {(() => void)[]} */
const layers = []; // closes each layer, the topmost last
let hash = location.hash; // of the page below
let going = false; // a history step by this module, not by the person
let from = ""; // the page's address when that step began
let replaced = false; // the page's address was replaced under a layer: its own entry follows

const depth = () => history.state?.layer ?? 0;

/** Batch simultaneous changes (one menu replaces another), so that nothing is pushed and taken back. */
const soon = () => setTimeout(reconcile, 0);

function reconcile() {
  if (going) return;
  while (depth() < layers.length) history.pushState({ layer: depth() + 1 }, "");
  if (depth() === layers.length) return;
  going = true;
  from = location.hash;
  history.go(layers.length - depth());
}

/** @param {PopStateEvent} event */
function popped(event) {
  if (going && !replaced && location.hash !== from) {
    hash = location.hash; // the person went to another page before our step, which undoes that
    return;
  }
  if (going) {
    going = false;
    if (location.hash !== hash) history[`${replaced ? "replace" : "push"}State`](null, "", hash); // the page changed in the meantime, and our step undid that
    replaced = false;
    soon();
  } else {
    while (layers.length > depth()) layers.pop()?.();
    soon(); // forward to a layer that is no longer open: go back again
  }
  if (location.hash === hash) event.stopImmediatePropagation(); // same page: other listeners do not need this
  hash = location.hash;
}

/**
 * Register an opened layer; ``shut`` closes it. Returns a function to call if it is closed another way.
 * @param {() => void} shut
 */
export function openLayer(shut) {
  layers.push(shut);
  soon();
  return () => {
    const at = layers.indexOf(shut);
    if (at < 0) return;
    layers.splice(at, 1);
    soon();
  };
}

/**
 * Show a modal dialog as a layer.
 * @param {HTMLDialogElement} dialog
 */
export function showModal(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  dialog.addEventListener("close", openLayer(() => dialog.close()), { once: true });
}

/**
 * Track a popover, which its button opens, as a layer.
 * @param {HTMLElement} element
 */
export function trackPopover(element) {
  let closed = () => {};
  element.addEventListener("toggle", (event) => {
    if (event.newState === "open") closed = openLayer(() => element.hidePopover());
    else closed();
  });
}

/** Close all layers. */
export function closeAll() {
  while (layers.length) layers.pop()?.();
}

/**
 * Change the page's address and close all layers. ``how`` is push or replace: a pushed page takes the entry of an open
 * layer; a replaced one has its own below it, which is replaced once the history is back there.
 * @param {string} to
 * @param {"push" | "replace"} [how]
 */
export function navigate(to, how = "push") {
  closeAll();
  replaced = how === "replace" && depth() > 0;
  if (replaced) history.replaceState(history.state, "", to);
  else history[`${depth() ? "replace" : how}State`](null, "", to);
  hash = location.hash;
  if (replaced) soon();
}

/**
 * Close a sheet on Escape. Dialogs and menus handle Escape themselves.
 * @param {KeyboardEvent} event
 */
function escaped({ key, defaultPrevented }) {
  if (key === "Escape" && !defaultPrevented && layers.length && !query(document, "dialog[open], :popover-open")) layers.at(-1)?.();
}

/**
 * Close all layers before a link leaves the page, so that no step back cancels it.
 * @param {MouseEvent} event
 */
function leaving(event) {
  if (targetOf(event).closest?.("a[href]:not([target], [download], [href^='#'])")) closeAll();
}

/** Start listening. Call this before other listeners to the history. */
export function start() {
  addEventListener("popstate", popped);
  addEventListener("click", leaving, true);
  addEventListener("keydown", escaped);
  addEventListener("pageshow", soon); // restored from the back/forward cache
  soon(); // after a reload nothing is open
}
