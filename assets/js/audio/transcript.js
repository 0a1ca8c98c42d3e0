// The text of a voice-over as markup: its sentences, the words that may be wrong, the tools of the chosen sentence.

import { html } from "../core/dom.js";
import { icon } from "../core/icons.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 */

/** @typedef {{ start: number, end: number, text: string, heard: string, state: string }} Flag a word that may be wrong, by its position in the sentence */

/** @typedef {{ number: number, text: string, say?: string, voice?: string, start: number, end: number }} Sentence of a voice-over: its text, and its start and end in the sound, in seconds */

/** @typedef {{ words: number, wrong: number, sentences: { at: number, flags: Flag[] }[] }} Check the result of a word check */

/** @param {Flag} flag */
const flagText = (flag) => {
  if (flag.state === "extra") return `“${flag.heard}” was heard but is not in the text.`;
  if (flag.state === "missing" || !flag.heard) return `“${flag.text}” was not heard.`;
  return `“${flag.text}” was heard as “${flag.heard}”.`;
};

/**
 * @param {Check | null} found
 * @param {number} number
 */
const flagsOf = (found, number) => found?.sentences.find((one) => one.at === number)?.flags ?? [];

/**
 * A sentence, with the words that may be wrong marked.
 * @param {string} text
 * @param {Flag[]} flags
 */
const words = (text, flags) => {
  const parts = text.split(/\s+/);
  /** @param {number} n */
  const at = (n) => flags.find((flag) => (flag.state === "extra" ? flag.start === n : flag.start <= n && n < flag.end));
  return parts.map((word, n) => {
    const flag = at(n);
    const space = n ? " " : "";
    return flag ? html`${space}<mark title="${flagText(flag)}">${word}</mark>` : html`${space}${word}`;
  });
};

/**
 * Every sentence as a button, with its speaker if there are several; ``tools`` renders what is below the chosen one.
 * @param {Sentence[]} plan
 * @param {(voice: string | undefined) => string} nameOf a voice
 * @param {Check | null} found
 * @param {number | null} chosen
 * @param {(number: number) => unknown} tools
 */
export const sentenceList = (plan, nameOf, found, chosen, tools) => html`<ol>${plan.map((line) => {
  const flags = flagsOf(found, line.number), several = plan.some((other) => other.voice !== line.voice);
  return html`<li><button type="button" class="line${flags.length ? " wrong" : ""}" data-do="line" data-n="${line.number}" aria-expanded="${String(line.number === chosen)}">${several && html`<span class="speaker">${nameOf(line.voice)}</span>`}${line.say
    ? html`${line.text} <i>read as: ${words(line.say, flags)}</i>` : words(line.text, flags)}</button>${line.number === chosen && tools(line.number)}</li>`;
})}</ol>`;

/**
 * The result of a check, or the button that starts one.
 * @param {AssetView} asset
 * @param {Check | null} found
 * @param {string | null} checking
 */
export const checkSummary = (asset, found, checking) => {
  if (asset.provenance?.request?.task !== "speak") return "";
  if (checking) return html`<span class="listening">Checking the words: ${checking}</span>`;
  const button = html`<button type="button" class="step" data-do="check">${icon("check")}${found ? "Check again" : "Check the words"}</button>`;
  if (!found) return button;
  const right = found.words === 1 ? "The word matches the text." : `All ${found.words} words match the text.`;
  return html`<span class="${found.wrong ? "doubt" : "right"}">${found.wrong ? `${found.wrong} of ${found.words} words may be wrong.` : right}</span>${button}`;
};

/**
 * @param {string} name
 * @param {string} label
 * @param {[key: string, text: string][]} options
 * @param {string | null | undefined} value
 */
const pick = (name, label, options, value) => html`<label><span>${label}</span><select name="${name}">${options.map(([key, text]) =>
  html`<option value="${key}"${key === (value ?? "") ? html` selected` : ""}>${text}</option>`)}</select></label>`;

/**
 * The tools of one sentence.
 * @param {{ asset: AssetView, line: Sentence, nameOf: (voice: string | undefined) => string, found: Check | null, busy: { sentence: number | null } | null, kept: Values, voices?: { value: string, label: string }[] }} options
 */
export const sentenceTools = ({ asset, line, nameOf, found, busy, kept, voices }) => {
  const request = asset.provenance?.request;
  if (request?.task !== "speak") return "";
  const flags = flagsOf(found, line.number);
  /** @type {{ sentence: number, used: boolean }[]} */
  const takes = (request.takes ?? []).filter((/** @type {{ sentence: number }} */ take) => take.sentence === line.number);
  const used = takes.findIndex((take) => take.used) + 1;
  const working = busy?.sentence === line.number;
  /** @param {number} n */
  const take = (n) => html`<button type="button" data-do="take" data-take="${n}" aria-pressed="${String(n === used)}" aria-disabled="${String(n === used || working)}">${n + 1}</button>`;
  const wrong = flags.find((flag) => flag.text && flag.state !== "extra");
  return html`<div class="tools">
    ${flags.map((flag) => html`<p class="doubt">${flagText(flag)}</p>`)}
    <div class="row">
      <button type="button" class="step first" data-do="again" aria-busy="${String(working)}">${icon("again")}${working ? "Recording a new take …" : "New take"}</button>
      ${takes.length > 0 && html`<span class="takes" role="group" aria-label="Takes of this sentence"><span>Take</span>${[0, ...takes.map((_, n) => n + 1)].map(take)}</span>`}
      ${wrong && html`<button type="button" class="step" data-do="pronounce" data-word="${wrong.text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")}">Set the pronunciation of “${wrong.text}”</button>`}
    </div>
    <div class="otherwise">
      ${pick("voice", "Voice", [["", line.voice ? `${nameOf(line.voice)} (as now)` : "Same as the others"], ...(voices ?? []).map((voice) => /** @type {[string, string]} */ ([voice.value, voice.label])).filter(([voice]) => voice !== line.voice)], kept.voice)}
      ${pick("speed", "Speed", [["", "Same as the others"], ["0.75", "Much slower"], ["0.88", "Slower"], ["1.12", "Faster"], ["1.3", "Much faster"]], kept.speed)}
      <label class="wide"><span>Pronounce as</span><input name="say" maxlength="2000" autocomplete="off" value="${kept.say ?? line.say ?? ""}" placeholder="${line.text}"></label>
    </div></div>`;
};
