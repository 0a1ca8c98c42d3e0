// Lift the lists of Gradio's drop-downs above everything. Otherwise the sticky bars cover their ends and take the clicks.

/** @param {HTMLElement} list */
const put = (list) => {
  const parent = /** @type {HTMLElement} */ (list.parentElement);
  const spot = parent.getBoundingClientRect();
  parent.style.setProperty("--list-left", `${spot.left}px`); // Gradio sets the other sides
  list.popover = "manual";
  list.showPopover();
};

/** Lift each list as it opens. */
export const liftDropdowns = () => new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node instanceof HTMLElement && node.matches(".options:has(> [role=listbox])")) put(node);
  }
}).observe(document.body, { childList: true, subtree: true });
