// Who speaks in the text of a voice-over, and which names are not known.

import { on } from "../core/bus.js";
import { closest, find, html, renderChanged } from "../core/dom.js";
import { listWords } from "../core/format.js";

/**
 * @import { Part, SpeakerAdvice } from "../types/page.js"
 */

/**
 * The speakers of a text as sentences; empty if it names none.
 * @param {SpeakerAdvice} speakers
 */
export function speakerWords({ used, unknown, known }) {
  const words = [];
  if (used.length) words.push(`Speakers: ${listWords(used)}.`);
  if (unknown.length) {
    words.push(`${listWords(unknown.map((name) => `“${name}:”`))} ${unknown.length > 1 ? "are" : "is"} read aloud as text. Known speakers: ${listWords(known)}.`);
  }
  return words.join(" ");
}

export class SpeakerLine {
  /** @param {Part} part */
  constructor({ element }) {
    this.line = find(element, ".speakers");
    const task = closest(element, ".task").id.replace("task-", "");
    on("formChanged", (said) => said.task === task && said.about?.speakers && renderChanged(this.line, html`${speakerWords(said.about.speakers)}`));
  }
}
