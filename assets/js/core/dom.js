// Build markup, with every value escaped unless it comes from a template itself, and find elements.

class Markup {
  /** @param {string} text */
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

/** @typedef {Markup | Markup[] | string | number | false | null | undefined} Renderable */

/** @param {unknown} value */
export const escapeHtml = (value) =>
  String(value ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * @param {unknown} value
 * @returns {string}
 */
const toHtml = (value) => {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(toHtml).join("");
  if (value === false || value === null || value === undefined) return "";
  return escapeHtml(value);
};

/**
 * Tagged template: html`<b>${anything}</b>`
 * @param {TemplateStringsArray} strings
 * @param {unknown[]} values
 */
export const html = (strings, ...values) =>
  new Markup(strings.reduce((text, part, i) => text + toHtml(values[i - 1]) + part));

/** @type {WeakMap<Element, string>} */
const rendered = new WeakMap(); // the last markup of renderChanged per element

/**
 * Replace the content of an element.
 * @param {Element} element
 * @param {unknown} markup
 */
export const render = (element, markup) => {
  rendered.delete(element);
  element.innerHTML = toHtml(markup);
};

/**
 * Replace the content of an element only if it differs from the last time, so that focus and scroll position are kept.
 * @param {Element} element
 * @param {unknown} markup
 */
export const renderChanged = (element, markup) => {
  const text = toHtml(markup);
  if (rendered.get(element) !== text) { rendered.set(element, text); element.innerHTML = text; }
};

/**
 * Listen on an element for clicks on anything inside it that has data-do="name" and is not aria-disabled. (A disabled
 * button would lose the focus.)
 * @param {HTMLElement} element
 * @param {Record<string, (target: HTMLButtonElement, event: MouseEvent) => unknown>} actions
 */
export const onAction = (element, actions) => element.addEventListener("click", (event) => {
  const target = /** @type {HTMLButtonElement | null} */ (targetOf(event).closest("[data-do]"));
  if (target && element.contains(target) && target.ariaDisabled !== "true") actions[target.dataset.do ?? ""]?.(target, event);
});

// -- finding elements

/**
 * The first element inside ``root`` that matches. Throws if there is none or it is not of this kind.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`The page has no ${kind?.name ?? "element"} “${selector}” here.`);
  return /** @type {T} */ (found);
}

/**
 * The first element inside ``root`` that matches; null if there is none or it is not of this kind.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T | null}
 */
export function query(root, selector, kind) {
  const found = root.querySelector(selector);
  return found instanceof (kind ?? HTMLElement) ? /** @type {T} */ (found) : null;
}

/**
 * All elements inside ``root`` that match and are of this kind.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]
 */
export const findAll = (root, selector, kind) =>
  /** @type {T[]} */ ([...root.querySelectorAll(selector)].filter((found) => found instanceof (kind ?? HTMLElement)));

/**
 * The form fields inside ``root`` that match: inputs, text areas and drop-downs.
 * @param {ParentNode} root
 * @param {string} selector
 */
export const findFields = (root, selector) => /** @type {HTMLInputElement[]} */ (findAll(root, selector));

/**
 * The form field inside ``root`` that matches: an input, a text area or a drop-down. Throws if there is none.
 * @param {ParentNode} root
 * @param {string} selector
 */
export const findField = (root, selector) => /** @type {HTMLInputElement} */ (find(root, selector));

/**
 * The form field inside ``root`` that matches, or null.
 * @param {ParentNode} root
 * @param {string} selector
 */
export const queryField = (root, selector) => /** @type {HTMLInputElement | null} */ (query(root, selector));

/**
 * The closest ancestor of ``element`` that matches. Throws if there is none.
 * @param {Element} element
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function closest(element, selector) {
  const found = element.closest(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`The page has no “${selector}” around this.`);
  return found;
}

/**
 * The target of an event.
 * @param {Event} event
 */
export const targetOf = (event) => /** @type {HTMLElement} */ (event.target);

/**
 * Whether an element takes what is typed.
 * @param {HTMLElement} target
 */
export const isTyping = (target) => Boolean(target.closest?.("textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=color])"));

/**
 * The form field an event is from: an input, a text area or a drop-down.
 * @param {Event} event
 */
export const fieldOf = (event) => /** @type {HTMLInputElement} */ (event.target);

/**
 * The form of a submit event.
 * @param {Event} event
 */
export const formOf = (event) => /** @type {HTMLFormElement} */ (event.target);

/**
 * The fields of a form by name.
 * @param {HTMLFormElement} form
 */
export const fieldsOf = (form) => /** @type {Record<string, HTMLInputElement>} */ (/** @type {unknown} */ (form.elements));

/**
 * The data- attributes of an element in our own markup.
 * @param {HTMLElement} element
 */
export const dataOf = (element) => /** @type {Record<string, string>} */ (element.dataset);

/**
 * Call back once the document has an element.
 * @param {string} selector
 * @param {() => unknown} callback
 */
export function whenPresent(selector, callback) {
  if (document.querySelector(selector)) return void callback();
  new MutationObserver((_, observer) => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    callback();
  }).observe(document, { childList: true, subtree: true });
}
