// A button at work is busy, not disabled: a disabled button loses the focus, and whoever uses the keyboard their place.

/**
 * Run ``work`` with a button marked as busy. A press in the meantime is ignored: it resolves to undefined.
 * @template T
 * @param {HTMLElement} button
 * @param {() => Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
export async function whileBusy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
