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
  image: "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5zM4.5 16.5l4.6-4.6a1.4 1.4 0 0 1 2 0l5.6 5.6M14 14l1.6-1.6a1.4 1.4 0 0 1 2 0l2.2 2.2M15.2 8.4h.01",
  clip: "M4 7.5A2.5 2.5 0 0 1 6.5 5h8A2.5 2.5 0 0 1 17 7.5v9a2.5 2.5 0 0 1-2.5 2.5h-8A2.5 2.5 0 0 1 4 16.5zM17 10.6l3.2-2a.5.5 0 0 1 .8.4v6a.5.5 0 0 1-.8.4l-3.2-2",
  sound: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  subtitles: "M4 7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM7.5 15h4M14.5 15h2M7.5 11.5h9",
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
};

/** A line icon, drawn in the colour of the text around it. */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${paths[name]}"/></svg>`;
