// The text of a voice-over as markup: its sentences, the words that may be wrong, the tools of the chosen one.

import { html, icon } from "./dom.js";

const said = (flag) => {
  if (flag.state === "extra") return `“${flag.heard}” was heard, and is not in the text.`;
  if (flag.state === "missing" || !flag.heard) return `“${flag.text}” was not heard.`;
  return `“${flag.text}” was heard as “${flag.heard}”.`;
};

const flagsOf = (found, number) => found?.sentences.find((one) => one.at === number)?.flags ?? [];

/** A sentence with the words marked that may be wrong. */
const words = (text, flags) => {
  const parts = text.split(/\s+/);
  const at = (n) => flags.find((flag) => (flag.state === "extra" ? flag.start === n : flag.start <= n && n < flag.end));
  return parts.map((word, n) => {
    const flag = at(n);
    const space = n ? " " : "";
    return flag ? html`${space}<mark title="${said(flag)}">${word}</mark>` : html`${space}${word}`;
  });
};

/** Every sentence, a button each; ``tools`` makes what stands under the chosen one. */
export const lines = (plan, found, chosen, tools) => html`<ol>${plan.map((line) => {
  const flags = flagsOf(found, line.number);
  return html`<li><button type="button" class="line${flags.length ? " wrong" : ""}" data-do="line" data-n="${line.number}" aria-expanded="${String(line.number === chosen)}">${line.say
    ? html`${line.text} <i>read as: ${words(line.say, flags)}</i>` : words(line.text, flags)}</button>${line.number === chosen && tools(line.number)}</li>`;
})}</ol>`;

/** What a check found, or the button that asks for one. */
export const summary = (asset, found, checking) => {
  if (asset.provenance?.request?.task !== "speak") return "";
  if (checking) return html`<span class="listening">Listening to the words: ${checking}</span>`;
  const button = html`<button type="button" class="step" data-do="check">${icon("check")}${found ? "Check again" : "Check the words"}</button>`;
  if (!found) return button;
  const right = found.words === 1 ? "The word was heard as written." : `All ${found.words} words were heard as written.`;
  return html`<span class="${found.wrong ? "doubt" : "right"}">${found.wrong ? `${found.wrong} of ${found.words} words may be wrong.` : right}</span>${button}`;
};

const pick = (name, label, options, value) => html`<label><span>${label}</span><select name="${name}">${options.map(([key, text]) =>
  html`<option value="${key}"${key === (value ?? "") ? html` selected` : ""}>${text}</option>`)}</select></label>`;

/** What can be done with one sentence. */
export const tools = ({ asset, line, found, busy, kept, voices }) => {
  const request = asset.provenance?.request;
  if (request?.task !== "speak") return "";
  const flags = flagsOf(found, line.number);
  const takes = (request.takes ?? []).filter((take) => take.sentence === line.number);
  const used = takes.findIndex((take) => take.used) + 1;
  const working = busy?.sentence === line.number;
  const take = (n) => html`<button type="button" data-do="take" data-take="${n}" aria-pressed="${String(n === used)}"${n === used || working ? html` disabled` : ""}>${n + 1}</button>`;
  const wrong = flags.find((flag) => flag.text && flag.state !== "extra");
  return html`<div class="tools">
    ${flags.map((flag) => html`<p class="doubt">${said(flag)}</p>`)}
    <div class="row">
      <button type="button" class="step first" data-do="again"${working ? html` disabled` : ""}>${icon("again")}${working ? "Saying it again …" : "Say it again"}</button>
      ${takes.length > 0 && html`<span class="takes" role="group" aria-label="Takes of this sentence"><span>Take</span>${[0, ...takes.map((_, n) => n + 1)].map(take)}</span>`}
      ${wrong && html`<button type="button" class="step" data-do="pronounce" data-word="${wrong.text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")}">How is “${wrong.text}” said?</button>`}
    </div>
    <div class="otherwise">
      ${pick("voice", "Voice", [["", "As the rest"], ...(voices ?? []).map((voice) => [voice.value, voice.label])], kept.voice)}
      ${pick("speed", "Pace", [["", "As the rest"], ["0.75", "Much slower"], ["0.88", "Slower"], ["1.12", "Faster"], ["1.3", "Much faster"]], kept.speed)}
      <label class="wide"><span>Read it as</span><input name="say" maxlength="2000" autocomplete="off" value="${kept.say ?? line.say ?? ""}" placeholder="${line.text}"></label>
    </div></div>`;
};
