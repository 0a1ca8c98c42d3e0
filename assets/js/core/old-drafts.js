// Drafts that earlier versions of the studio kept in this browser, for two weeks at most.

import { me } from "./api.js";

const PREFIX = "c41-keep/";
const LONGEST = 14 * 24 * 3600 * 1000; // ms

/**
 * The old draft of a form, or null.
 * @param {string} name
 */
export async function oldDraft(name) {
  const key = `${PREFIX}${(await me()).id}/${name}`;
  try {
    const { at, value } = JSON.parse(localStorage.getItem(key) ?? "null");
    return Date.now() - at < LONGEST ? value : null;
  } catch { return null; }
}

/** Remove everyone's old drafts from this browser. */
export function clearOldDrafts() {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
}
