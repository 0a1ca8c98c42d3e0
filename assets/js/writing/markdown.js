// Rendered Markdown that can grow: only changed blocks are rendered again.

import { escapeHtml, findAll } from "../core/dom.js";

/**
 * @import { Marked, Token } from "../../vendor/marked.js"
 * @typedef {typeof import("../../vendor/dompurify.js").default} Purify
 * @typedef {typeof import("../../vendor/highlight.js").default} Highlight
 */

const LONG = 40_000; // longer code is not highlighted

/**
 * The Markdown libraries, once loaded.
 * @type {{ marked: Marked, purify: Purify, highlight: Highlight } | undefined}
 */
let tools;

/** @type {Promise<void> | undefined} */
let coming;

/** Load the Markdown libraries when the first answer is shown. */
const load = () => coming ??= Promise.all([
  import("../../vendor/marked.js"), import("../../vendor/dompurify.js"), import("../../vendor/highlight.js"),
]).then(([{ Marked }, { default: purify }, { default: highlight }]) => {
  const marked = new Marked({ gfm: true, breaks: true });
  marked.use({ renderer: {
    /** @param {{ text: string }} token */
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : escapeHtml(text)), // HTML from a model is shown as text
    /** @param {{ href: string, text: string }} token */
    image: ({ href, text }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`, // no requests to other sites
  } });
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node instanceof HTMLAnchorElement) { node.target = "_blank"; node.rel = "noopener noreferrer"; }
  });
  tools = { marked, purify, highlight };
}).catch((error) => { coming = undefined; throw error; });

const PURE = {
  ALLOWED_TAGS: ["a", "b", "strong", "i", "em", "del", "code", "pre", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
    "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "input"],
  ALLOWED_ATTR: ["href", "class", "start", "align", "type", "checked", "disabled", "target", "rel"],
};

export class MarkdownView {
  /** @type {boolean} */
  due;
  /** @type {Promise<void> | null} */
  waiting;
  /** @type {(() => void) | undefined} */
  onDrawn;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.text = "";
    /** @type {{ raw: string, element: HTMLElement }[]} */
    this.blocks = [];
  }

  /**
   * Show a text. Rendered at most once per frame, however often this is called.
   * @param {string} text
   */
  set(text) {
    this.text = text;
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => { this.due = false; this.draw(); });
  }

  draw() {
    if (!tools) { // show plain text until then
      if (!this.blocks.length) this.element.textContent = this.text;
      this.waiting ??= load().then(() => this.set(this.text), () => { this.waiting = null; });
      return;
    }
    if (!this.blocks.length) this.element.textContent = "";
    const { marked } = tools;
    const fresh = marked.lexer(this.text).filter((token) => token.type !== "space");
    fresh.forEach((token, at) => {
      if (this.blocks[at]?.raw === token.raw) return;
      const block = this.blocks[at]?.element ?? this.element.appendChild(document.createElement("div"));
      block.className = "block";
      this.put(block, token);
      this.blocks[at] = { raw: token.raw, element: block };
    });
    for (const old of this.blocks.splice(fresh.length)) old.element.remove();
    this.onDrawn?.();
  }

  /**
   * @param {HTMLElement} block
   * @param {Token} token
   */
  put(block, token) {
    const { marked, purify } = /** @type {NonNullable<typeof tools>} */ (tools);
    block.innerHTML = purify.sanitize(marked.parser([token]), PURE);
    for (const code of findAll(block, "pre > code")) this.code(code);
    for (const table of findAll(block, "table")) {
      const frame = document.createElement("div");
      frame.className = "wide";
      frame.tabIndex = 0;
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", "Table");
      table.replaceWith(frame);
      frame.append(table);
    }
  }

  /**
   * Add highlighting, the name of the language and a copy button.
   * @param {HTMLElement} code
   */
  code(code) {
    const { highlight } = /** @type {NonNullable<typeof tools>} */ (tools);
    const language = /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? "";
    const text = code.textContent;
    code.className = "";
    if (highlight.getLanguage(language) && text.length < LONG) {
      code.innerHTML = highlight.highlight(text, { language, ignoreIllegals: true }).value;
    }
    const head = document.createElement("div"), name = document.createElement("span"), copy = document.createElement("button");
    head.className = "code-head";
    name.textContent = language || "text";
    Object.assign(copy, { type: "button", className: "copy-code", textContent: "Copy" });
    copy.dataset.do = "copy-code";
    head.append(name, copy);
    const frame = document.createElement("figure"), pre = /** @type {HTMLElement} */ (code.parentElement);
    frame.className = "code";
    pre.tabIndex = 0;
    pre.replaceWith(frame);
    frame.append(head, pre);
  }
}
