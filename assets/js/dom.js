// Building markup: everything put into a template is escaped, unless it came from a template itself.

class Markup {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

export const esc = (value) =>
  String(value ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const put = (value) => {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(put).join("");
  if (value === false || value === null || value === undefined) return "";
  return esc(value);
};

/** Tagged template: html`<b>${anything}</b>` */
export const html = (strings, ...values) =>
  new Markup(strings.reduce((text, part, i) => text + put(values[i - 1]) + part));

/** Replace what an element holds. */
export const fill = (element, markup) => { element.innerHTML = put(markup); };

/** Replace what an element holds only when it differs, so that focus and scrolling survive. */
export const refill = (element, markup) => {
  const text = put(markup);
  if (element.filled !== text) { element.filled = text; element.innerHTML = text; }
};

/** Listen on an element for what happens to anything inside it that has data-do="name". */
export const doing = (element, actions) => element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (target && element.contains(target) && actions[target.dataset.do]) actions[target.dataset.do](target, event);
});

const paths = {
  lora: "M12 3.5l8 4.2-8 4.2-8-4.2zM4 12l8 4.2 8-4.2M4 16.3l8 4.2 8-4.2",
  image: "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5zM4.5 16.5l4.6-4.6a1.4 1.4 0 0 1 2 0l5.6 5.6M14 14l1.6-1.6a1.4 1.4 0 0 1 2 0l2.2 2.2M15.2 8.4h.01",
  clip: "M4 7.5A2.5 2.5 0 0 1 6.5 5h8A2.5 2.5 0 0 1 17 7.5v9a2.5 2.5 0 0 1-2.5 2.5h-8A2.5 2.5 0 0 1 4 16.5zM17 10.6l3.2-2a.5.5 0 0 1 .8.4v6a.5.5 0 0 1-.8.4l-3.2-2",
  sound: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  subtitles: "M4 7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM7.5 15h4M14.5 15h2M7.5 11.5h9",
  pause: "M8.5 6v12M15.5 6v12",
  x: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  down: "M12 4.5v10.5M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
  trash: "M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.3 10.5v5M13.7 10.5v5",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19.5 4v4h-4",
  reuse: "M5 12h12M12.5 7l5 5-5 5",
  up: "M12 19V6M6.5 11.5L12 6l5.5 5.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  library: "M4.5 5h6v6h-6zM13.5 5h6v6h-6zM4.5 14h6v6h-6zM13.5 14h6v6h-6z",
  make: "M12 3.5l2.2 6.3 6.3 2.2-6.3 2.2L12 20.5l-2.2-6.3L3.5 12l6.3-2.2z",
  same: "M8 8h11v11H8zM5 16V5h11",
  star: "M12 4l2.4 5.2 5.6.7-4.2 3.9 1.1 5.7-4.9-2.9-4.9 2.9 1.1-5.7L4 9.9l5.6-.7z",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M7.5 5.5h3v13h-3zM13.5 5.5h3v13h-3z",
  search: "M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5",
  plus: "M12 5v14M5 12h14",
  tag: "M4.5 5.5v6l8 8 7-7-8-8h-6a1 1 0 0 0-1 1zM8.5 8.5h.01",
  compare: "M12 3.5v17M9.5 6.5h-5v11h5M14.5 6.5h5v11h-5",
  pen: "M5 19l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L9 18zM14.5 6.5l3 3",
  edit: "M5 19l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L9 18zM13 19.5h7",
  attach: "M18.5 11.5l-6.8 6.8a4.2 4.2 0 0 1-6-6l7.6-7.6a2.8 2.8 0 0 1 4 4l-7.4 7.4a1.4 1.4 0 0 1-2-2l6.4-6.4",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  undo: "M9 6.5L4.5 11 9 15.5M5 11h9.5a4.5 4.5 0 0 1 0 9H11",
  redo: "M15 6.5l4.5 4.5-4.5 4.5M19 11H9.5a4.5 4.5 0 0 0 0 9H13",
  invert: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h3.5M12 12h4M12 16h3.5",
  stop: "M7 7h10v10H7z",
  document: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4M9 12h6M9 15.5h6",
  mail: "M4 6.5h16v11H4zM4.5 7l7.5 6 7.5-6",
  scene: "M4 9.5h16v9.5H4zM4 9.5l15.5-4 .5 3M8 8.4l2 1.1M13 7.1l2 1.1",
  list: "M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
  code: "M8.5 7.5L4 12l4.5 4.5M15.5 7.5L20 12l-4.5 4.5M13.5 5.5l-3 13",
  book: "M12 6.5c-2-1.3-4.5-1.8-7.5-1.5v12.5c3-.3 5.5.2 7.5 1.5 2-1.3 4.5-1.8 7.5-1.5V5c-3-.3-5.5.2-7.5 1.5zM12 6.5V19",
  person: "M12 4.5a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4zM5 20c.6-4 3.2-6 7-6s6.4 2 7 6",
  box: "M4.5 8l7.5-4 7.5 4v8L12 20l-7.5-4zM4.5 8l7.5 4 7.5-4M12 12v8",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  adjust: "M4 7.5h9M17 7.5h3M4 16.5h3M11 16.5h9M15 5.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM9 14.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  think: "M9.5 18.5h5M10.5 21h3M12 3.5a5.8 5.8 0 0 1 3.3 10.6c-.6.5-.8 1.1-.8 1.9h-5c0-.8-.2-1.4-.8-1.9A5.8 5.8 0 0 1 12 3.5z",
};

/** A line icon, drawn in the colour of the text around it. */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${paths[name]}"/></svg>`;
