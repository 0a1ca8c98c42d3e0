// The text typed after an @, and the cast members it matches.

/** @import { CastView } from "../types/api.js" */

const BEHIND_AT = /(?:^|[^\p{L}\p{M}\p{N}_@.+/-]|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}])@([\p{L}\p{M}\p{N}_-]{0,40})$/u;
const SHOWN = 8;

/** @param {string} text */
const folded = (text) => text.normalize("NFC").toLowerCase();

/**
 * The text after an @ at the end of ``before``, or null.
 * @param {string} before the text before the caret
 */
export const typedMention = (before) => BEHIND_AT.exec(before)?.[1] ?? null;

/**
 * The cast members whose names contain the typed text; names that start with it come first.
 * @template {Pick<CastView, "name">} Member
 * @param {Member[]} cast
 * @param {string} typed
 */
export function matchingMembers(cast, typed) {
  const start = folded(typed);
  /** @param {Member} member */
  const rank = ({ name }) => (folded(name).startsWith(start) ? 0 : folded(name).includes(start) ? 1 : 2);
  return cast.filter((member) => rank(member) < 2).sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
}
