// The lists of Gradio's drop-downs lie over everything: where they stand, the bars that stick would cover their ends,
// and a press would go to what covers them.

const put = (list) => {
  const spot = list.parentElement.getBoundingClientRect();
  list.parentElement.style.setProperty("--list-left", `${spot.left}px`); // Gradio writes the other sides into its style
  list.popover = "manual";
  list.showPopover();
};

/** Lift each list as it opens. */
export const lists = () => new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.matches?.(".options:has(> [role=listbox])")) put(node);
  }
}).observe(document.body, { childList: true, subtree: true });
