// Markdown as it should look, also while it still grows: only the blocks that changed are drawn anew.

import { esc } from "./dom.js";

const LONG = 40_000; // code longer than this stays in one colour
const tools = {};

/** The readers of Markdown are fetched when the first answer is shown. */
const load = () => tools.coming ??= Promise.all([
  import("../vendor/marked.js"), import("../vendor/dompurify.js"), import("../vendor/highlight.js"),
]).then(([{ Marked }, { default: purify }, { default: highlight }]) => {
  const marked = new Marked({ gfm: true, breaks: true });
  marked.use({ renderer: {
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : esc(text)), // what a model writes is text, not a page
    image: ({ href, text }) => `<a href="${esc(href)}">${esc(text || href)}</a>`, // nothing is fetched from elsewhere
  } });
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName === "A") { node.target = "_blank"; node.rel = "noopener noreferrer"; }
  });
  tools.ready = { marked, purify, highlight };
}).catch((error) => { tools.coming = null; throw error; });

const PURE = {
  ALLOWED_TAGS: ["a", "b", "strong", "i", "em", "del", "code", "pre", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
    "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "input"],
  ALLOWED_ATTR: ["href", "class", "start", "align", "type", "checked", "disabled", "target", "rel"],
};

export class Prose {
  constructor(element) {
    this.element = element;
    this.blocks = [];
  }

  /** Show a text. Called as often as one likes: it is drawn at most once a frame. */
  set(text) {
    this.text = text;
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => { this.due = false; this.draw(); });
  }

  draw() {
    if (!tools.ready) { // until then the plain text stands there
      if (!this.blocks.length) this.element.textContent = this.text;
      this.waiting ??= load().then(() => this.set(this.text), () => { this.waiting = null; });
      return;
    }
    if (!this.blocks.length) this.element.textContent = "";
    const { marked } = tools.ready;
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

  put(block, token) {
    const { marked, purify } = tools.ready;
    block.innerHTML = purify.sanitize(marked.parser([token]), PURE);
    for (const code of block.querySelectorAll("pre > code")) this.code(code);
    for (const table of block.querySelectorAll("table")) {
      const frame = document.createElement("div");
      frame.className = "wide";
      frame.tabIndex = 0;
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", "Table");
      table.replaceWith(frame);
      frame.append(table);
    }
  }

  /** Colours, the name of the language and a button to copy. */
  code(code) {
    const { highlight } = tools.ready;
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
    const frame = document.createElement("figure"), pre = code.parentElement;
    frame.className = "code";
    pre.tabIndex = 0;
    pre.replaceWith(frame);
    frame.append(head, pre);
  }
}
