// What the page uses of DOMPurify.

declare const purify: {
  addHook(name: "afterSanitizeAttributes", hook: (node: Element) => void): void;
  sanitize(html: string, options: { ALLOWED_TAGS: string[]; ALLOWED_ATTR: string[] }): string;
};
export default purify;
