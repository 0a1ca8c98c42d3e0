// Add a word to a prompt, where it belongs in the sentence.

/** @import { WordGroup } from "../types/page.js" */

/**
 * The prompt with ``word``: a thing, a phrase or a clause at the end, an adjective before the last thing, an opening at the
 * start.
 * @param {string} prompt
 * @param {string} word
 * @param {WordGroup["role"]} role
 * @param {WordGroup[]} groups
 */
export function addWord(prompt, word, role, groups) {
  const text = prompt.trim().replace(/[.,;]+$/, "");
  if (role === "phrase") return text ? `${text} ${word}` : word;
  if (role === "clause") return text ? `${text}, ${word}` : word;
  if (role === "opening") return text ? `${word} ${text.charAt(0).toLowerCase()}${text.slice(1)}` : `${word} `;
  const open = !text || /(^|\s)(of|and)$/i.test(text); // a noun with its article comes next
  const waits = open || endsIn(text, "adjective", groups) || /(^|\s)(an?|the)$/i.test(text);
  if (role === "thing") return `${text}${waits ? " " : " and "}${waits && !open ? "" : `${article(word)} `}${word}`.trim();
  const thing = waits ? undefined : lastThing(text, groups);
  if (!thing) return `${text} ${open ? `${article(word)} ` : ""}${word}`.trim();
  return `${withArticle(text.slice(0, thing.index), word)}${word} ${text.slice(thing.index)}`;
}

/**
 * The beginning of a sentence, its last word “a” or “an” as ``word`` needs it.
 * @param {string} before
 * @param {string} word
 */
const withArticle = (before, word) => before.replace(/\b(a)n? $/i, (_, letter) => `${letter}${article(word).slice(1)} `);

/** @param {string} word */
const article = (word) => (/^[aeiou]/i.test(word) ? "an" : "a");

/**
 * @param {WordGroup["role"]} role
 * @param {WordGroup[]} groups
 */
const wordsOf = (role, groups) => groups.filter((group) => group.role === role).flatMap((group) => group.words);

/**
 * @param {string} text
 * @param {WordGroup["role"]} role
 * @param {WordGroup[]} groups
 */
const endsIn = (text, role, groups) => wordsOf(role, groups).some((word) => new RegExp(`(^|\\s)${word}$`, "i").test(text));

/**
 * The last thing in the text.
 * @param {string} text
 * @param {WordGroup[]} groups
 */
const lastThing = (text, groups) => [...text.matchAll(new RegExp(`\\b(${wordsOf("thing", groups).join("|") || "(?!)"})\\b`, "gi"))].at(-1);
