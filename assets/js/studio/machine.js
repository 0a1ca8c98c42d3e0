// Studio page: phone, health, failures, disk, backup, settings, versions.

import { dataOf, findAll, html } from "../core/dom.js";
import { capitalize, formatBytes, formatDate, formatDuration } from "../core/format.js";
import { count } from "./people.js";

/** @import { About, BackupView, FailureView, Health, Phone, Space, UnclaimedView } from "../types/api.js" */

/**
 * @param {number} part
 * @param {number} whole
 */
const share = (part, whole) => (whole ? Math.min(100, (100 * part) / whole).toFixed(1) : 0);

/** @param {Phone} view */
export const phone = (view) => view.url ? html`<div class="phone"><div class="code" data-qr="${view.qr}"></div><div>
  <p class="copied"><code>${view.url}</code><button type="button" class="step" data-do="copy" data-text="${view.url}">Copy</button></p>
  <p>${view.words}</p>
  ${view.trust && html`<p class="bare">The browser shows a warning the first time, because this address exists only on your network. To remove it, open
    <a href="${view.trust}" target="_blank" rel="noopener">${view.trust}</a> on the phone. It must show this fingerprint:</p>
    <p class="print"><code>${view.fingerprint}</code></p>`}</div></div>`
  : html`<p class="bare">${view.words}</p>`;

/**
 * Insert the QR codes as SVG from the studio. They contain no text from people.
 * @param {HTMLElement} root
 */
export function renderQrCodes(root) {
  for (const place of findAll(root, "[data-qr]")) {
    place.innerHTML = dataOf(place).qr;
    place.removeAttribute("data-qr");
  }
}

/** @param {Health} view */
const clock = (view) => {
  const off = Math.abs(Date.now() / 1000 - view.time);
  return off > 120 ? html`<li class="check warn"><span class="dot" aria-hidden="true"></span><b>Clocks</b><p>The clocks of this device and the studio differ by ${formatDuration(off)}.
    <small>Set both automatically from the network. Otherwise, signing in through other services fails.</small></p></li>` : "";
};

const states = { good: "OK", warn: "needs attention", bad: "problem", none: "" };

/** @param {Health} view */
export const health = (view) => html`<ul class="checks">${view.checks.map((one) => html`<li class="check ${one.state}">
  <span class="dot" aria-hidden="true"></span><b>${one.name}${states[one.state] && html`<span class="visually-hidden">: ${states[one.state]}.</span>`}</b>
  <p>${one.words}${one.next && html` <small>${one.next}</small>`}</p></li>`)}${clock(view)}</ul>
  <table><caption>Jobs</caption><thead><tr><th scope="col">Where</th><th scope="col" class="number">Running</th><th scope="col" class="number">Waiting</th></tr></thead>
  <tbody>${view.lanes.map((lane) => html`<tr><th scope="row">${lane.title}</th><td class="number">${lane.running}</td><td class="number">${lane.waiting}</td></tr>`)}</tbody></table>`;

/** @param {Record<string, number>} counts */
const many = (counts) => Object.entries(counts).map(([name, times]) => times > 1 ? `${name} (${times})` : name).join(", ");

/** @param {FailureView[]} found */
export const failures = (found) => found.length ? html`<ul class="lines causes">${found.map((one) => html`<li><span class="who"><b>${one.cause}</b>
  <em>${one.count === 1 ? "once" : `${one.count} times`}</em><small>${many(one.kinds)} · ${many(one.people)} · last ${formatDate(one.last_at)}</small>
  <small class="next">${one.next}</small></span></li>`)}</ul>` : html`<p class="bare">No failures in the last 30 days.</p>`;

/** @type {Record<string, string>} */
const named = { starter: "Starter models", models: "Models", catalog: "Your own models", work: "Work in progress", uploads: "Being uploaded", hub: "Models from Hugging Face" };

/**
 * @param {[name: string, size: number, note?: string][]} rows
 * @param {number} whole
 */
const sizes = (rows, whole) => html`<ul class="sizes">${rows.map(([name, size, note]) => html`<li><span>${name}${note && html` <small>${note}</small>`}</span>
  <span class="meter" aria-hidden="true"><i style="width:${share(size, whole)}%"></i></span><b>${size ? formatBytes(size) : "nothing"}</b></li>`)}</ul>`;

/** @param {Space} view */
export const disk = (view) => {
  /** @type {[name: string, size: number][]} */
  const parts = [["Results and uploads", view.total], ...Object.entries(view.folders).map(([name, size]) => /** @type {[string, number]} */ ([named[name] ?? capitalize(name), size]))];
  return html`<p>${formatBytes(view.free)} of ${formatBytes(view.disk)} is free.</p>
    ${sizes(parts, Math.max(...parts.map(([, size]) => size), 1))}
    ${view.people.length > 0 && html`<h4>By person</h4>${sizes(view.people.map((one) => [one.name, one.bytes, count(one.count, "file")]), view.total)}`}`;
};

/** @param {UnclaimedView} view */
export const unclaimed = (view) => html`${view.running
  ? html`<p role="status">Adding back: ${count(view.done, "file")} done …</p>`
  : view.count ? html`<p>${count(view.count, "file")} (${formatBytes(view.bytes)}) ${view.count === 1 ? "has" : "have"} no entry in the database, for example after an older
      database was restored. They are never deleted automatically. Adding them back gives each to the person whose folder it is in, or to you if that account no longer exists.</p>
    <button type="button" class="step first" data-do="reclaim">Add them back</button>`
  : html`<p class="bare">Every file has a database entry.</p>`}
  ${view.unreadable.length > 0 && html`<p class="wrong" role="alert">${count(view.unreadable.length, "file")} could not be read and stayed in place: ${view.unreadable.slice(0, 5).join(", ")}${view.unreadable.length > 5 && " …"}</p>`}`;

/** @param {BackupView} view */
const made = (view) => `Last backup: ${formatDate(view.last_at ?? 0)}, ${formatBytes(view.bytes)}.${view.missing ? ` ${count(view.missing, "file")} missing at the time.` : ""}`;

/** @param {BackupView} view */
export const backup = (view) => html`<p>${view.last_at ? made(view) : "There is no backup yet."}</p>
  <p class="bare">${view.last_at ? "It is" : "It will be"} stored in <code>${view.place}</code> and only adds what is new. Copy it to another disk now and then, in case this one fails.</p>
  ${view.problem && html`<p class="wrong" role="alert">${view.problem}</p>`}
  ${view.running ? html`<p role="status">Backing up: ${formatBytes(view.done)} of ${formatBytes(view.total)} …</p>`
    : html`<button type="button" class="step first" data-do="backup">Make a backup</button>`}
  <p class="bare">To back up and restore from the command line:</p><pre tabindex="0"><code>${view.commands.join("\n")}</code></pre>`;

/** @param {About} view */
export const settings = (view) => html`<p class="bare">Read-only. Set them as flags or environment variables when you start the studio. Changed settings come first.</p>
  <div class="wide"><table class="settings"><thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">What it does</th></tr></thead>
  <tbody>${[...view.settings].sort((a, b) => Number(b.changed) - Number(a.changed)).map((one) => html`<tr class="${one.changed && "changed"}"><th scope="row"><code>${one.variable}</code></th>
    <td>${one.value || "–"}</td><td>${one.meaning}</td></tr>`)}</tbody></table></div>`;

/**
 * The Markdown a changelog needs: headings, lists, bold, italics, code.
 * @param {string} text
 */
const inline = (text) => text.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[^*]+\*)/).map((bit) =>
  bit.startsWith("**") ? html`<b>${bit.slice(2, -2)}</b>` : bit.startsWith("`") ? html`<code>${bit.slice(1, -1)}</code>`
    : bit.startsWith("*") && bit.length > 2 ? html`<i>${bit.slice(1, -1)}</i>` : bit);

/** @param {string} text */
const marked = (text) => text.trim().split(/\n(?=#|\n|- )/).map((block) => block.trim()).filter(Boolean).map((block) => {
  const words = block.replace(/\s*\n\s*/g, " ");
  const heading = /^(#+) (.*)/.exec(words);
  if (heading) return heading[1].length > 1 && html`<h4>${heading[2]}</h4>`;
  return words.startsWith("- ") ? html`<p class="item">${inline(words.slice(2))}</p>` : html`<p>${inline(words)}</p>`;
});

/** @param {About} view */
export const news = (view) => html`<p>Version <b>${view.version}</b>, Python ${view.python}. All data is in <code>${view.data}</code>.</p>
  <h4>Updating</h4><ol>${view.upgrade.map((step) => html`<li>${inline(step)}</li>`)}</ol>
  <details class="changes"><summary>Changes by version</summary>${marked(view.news)}</details>`;
