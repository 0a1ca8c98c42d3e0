// The address of anything a search can find, without the #.

/** @import { SearchResult } from "../types/api.js" */

/** @type {Partial<Record<SearchResult["kind"], (id: string) => string>>} */
const pages = {
  project: (id) => `project=${id}`,
  conversation: (id) => `writing/${id}`,
  cast: (id) => `cast?member=${id}`,
  recipe: (id) => `image/recipes?recipe=${id}`,
};

/**
 * The address of a result; files open in the library.
 * @param {Pick<SearchResult, "kind" | "id">} result
 */
export const addressOf = ({ kind, id }) => (pages[kind] ?? ((asset) => `library?asset=${asset}`))(id);

/**
 * The address of all files of a kind that match; null for what is not in the library.
 * @param {SearchResult["kind"]} kind
 * @param {string} q
 */
export const addressOfAll = (kind, q) => (kind in pages ? null : `library?${new URLSearchParams({ q, kind })}`);
