// What lies over the page (dialogs, sheets, menus) is a step of the browser's history: Back closes the topmost, and
// closing it any other way takes the step back. The entry of a layer has its page's address, and in its state how many
// layers are open; after each change the history is brought to the depth of what is open.

const layers = []; // how to shut each, the topmost last
let hash = location.hash; // of the page below
let going = false; // a step that this module takes, not the person

const depth = () => history.state?.layer ?? 0;

/** Changes that come together (one menu gives way to another) are one: nothing is pushed and taken back. */
const soon = () => setTimeout(reconcile, 0);

function reconcile() {
  if (going) return;
  while (depth() < layers.length) history.pushState({ layer: depth() + 1 }, "");
  if (depth() === layers.length) return;
  going = true;
  history.go(layers.length - depth());
}

function popped(event) {
  if (going) {
    going = false;
    if (location.hash !== hash) history.pushState(null, "", hash); // the page changed meanwhile: our step undid that
    soon();
  } else {
    while (layers.length > depth()) layers.pop()();
    soon(); // forward, onto a layer that is not open any more: back again
  }
  if (location.hash === hash) event.stopImmediatePropagation(); // the page is the same: nobody else's business
  hash = location.hash;
}

/** Something opened; ``shut`` closes it. Returns what to call when it was closed some other way. */
export function opened(shut) {
  layers.push(shut);
  soon();
  return () => {
    const at = layers.indexOf(shut);
    if (at < 0) return;
    layers.splice(at, 1);
    soon();
  };
}

/** Show a dialog over the page. */
export function showModal(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  dialog.addEventListener("close", opened(() => dialog.close()), { once: true });
}

/** Let a popover, which its button opens, be a layer. */
export function popover(element) {
  let closed = () => {};
  element.addEventListener("toggle", (event) => {
    if (event.newState === "open") closed = opened(() => element.hidePopover());
    else closed();
  });
}

/** Everything over the page closes. */
export function shutAll() {
  while (layers.length) layers.pop()();
}

/** Give the page another address; everything over it closes. ``how`` is push or replace. */
export function visit(to, how = "push") {
  shutAll();
  history[`${depth() ? "replace" : how}State`](null, "", to); // the step of what was open becomes that of the page
  hash = location.hash;
}

/** Escape shuts a sheet as it does dialogs and menus, which see to it themselves. */
function escaped({ key, defaultPrevented }) {
  if (key === "Escape" && !defaultPrevented && layers.length && !document.querySelector("dialog[open], :popover-open")) layers.at(-1)();
}

/** A link that leaves the page is not overtaken by a step back. */
function leaving({ target }) {
  if (target.closest?.("a[href]:not([target], [download], [href^='#'])")) shutAll();
}

/** Begin to listen; before whoever else follows the history. */
export function start() {
  addEventListener("popstate", popped);
  addEventListener("click", leaving, true);
  addEventListener("keydown", escaped);
  addEventListener("pageshow", soon); // brought back as it was left
  soon(); // after a reload nothing is open
}
