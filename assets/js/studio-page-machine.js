// Studio: the phone in the house, health, what went wrong, disk, backup, settings, versions.

import { html } from "./dom.js";
import { count } from "./studio-page-people.js";
import { bytes, capital, seconds, when } from "./words.js";

const share = (part, whole) => (whole ? Math.min(100, (100 * part) / whole).toFixed(1) : 0);

export const phone = (told) => told.url ? html`<div class="phone"><div class="code" data-qr="${told.qr}"></div><div>
  <p class="copied"><code>${told.url}</code><button type="button" class="step" data-do="copy" data-text="${told.url}">Copy</button></p>
  <p>${told.words}</p>
  ${told.trust && html`<p class="bare">The browser warns the first time, because only your house knows this address. To make it stop, open
    <a href="${told.trust}" target="_blank" rel="noopener">${told.trust}</a> on the phone. What it shows must be this:</p>
    <p class="print"><code>${told.fingerprint}</code></p>`}</div></div>`
  : html`<p class="bare">${told.words}</p>`;

/** What markup alone cannot put on the page: codes drawn by the studio, nobody's words in them. */
export function settle(root) {
  for (const place of root.querySelectorAll("[data-qr]")) {
    place.innerHTML = place.dataset.qr;
    place.removeAttribute("data-qr");
  }
}

const clock = (told) => {
  const off = Math.abs(Date.now() / 1000 - told.time);
  return off > 120 ? html`<li class="check warn"><span class="dot" aria-hidden="true"></span><b>Clocks</b><p>This device and the studio are ${seconds(off)} apart.
    <small>Set both by the network: sign-ins through other services fail otherwise.</small></p></li>` : "";
};

const states = { good: "well", warn: "look at this", bad: "not well", none: "" };

export const health = (told) => html`<ul class="checks">${told.checks.map((one) => html`<li class="check ${one.state}">
  <span class="dot" aria-hidden="true"></span><b>${one.name}${states[one.state] && html`<span class="visually-hidden">: ${states[one.state]}.</span>`}</b>
  <p>${one.words}${one.next && html` <small>${one.next}</small>`}</p></li>`)}${clock(told)}</ul>
  <table><caption>Work under way</caption><thead><tr><th scope="col">Where</th><th scope="col" class="number">Running</th><th scope="col" class="number">Waiting</th></tr></thead>
  <tbody>${told.lanes.map((lane) => html`<tr><th scope="row">${lane.title}</th><td class="number">${lane.running}</td><td class="number">${lane.waiting}</td></tr>`)}</tbody></table>`;

const many = (counts) => Object.entries(counts).map(([name, times]) => times > 1 ? `${name} (${times})` : name).join(", ");

export const failures = (found) => found.length ? html`<ul class="lines causes">${found.map((one) => html`<li><span class="who"><b>${one.cause}</b>
  <em>${one.count === 1 ? "once" : `${one.count} times`}</em><small>${many(one.kinds)} · ${many(one.people)} · last ${when(one.last_at)}</small>
  <small class="next">${one.next}</small></span></li>`)}</ul>` : html`<p class="bare">Nothing in the last 30 days.</p>`;

const named = { starter: "Starter models", models: "Models", catalog: "Your own models", work: "Work under way", uploads: "On their way in", hub: "Models from Hugging Face" };

const sizes = (rows, whole) => html`<ul class="sizes">${rows.map(([name, size, note]) => html`<li><span>${name}${note && html` <small>${note}</small>`}</span>
  <span class="meter" aria-hidden="true"><i style="width:${share(size, whole)}%"></i></span><b>${size ? bytes(size) : "nothing"}</b></li>`)}</ul>`;

export const disk = (told) => {
  const parts = [["What people made and brought in", told.total], ...Object.entries(told.folders).map(([name, size]) => [named[name] ?? capital(name), size])];
  return html`<p>${bytes(told.free)} of ${bytes(told.disk)} are free.</p>
    ${sizes(parts, Math.max(...parts.map(([, size]) => size), 1))}
    ${told.people.length > 0 && html`<h4>By person</h4>${sizes(told.people.map((one) => [one.name, one.bytes, count(one.count, "file")]), told.total)}`}`;
};

export const unclaimed = (view) => html`${view.running
  ? html`<p role="status">Taking back: ${count(view.done, "file")} done …</p>`
  : view.count ? html`<p>${count(view.count, "file")} (${bytes(view.bytes)}) ${view.count === 1 ? "has" : "have"} no entry in the database, for example after an older
      database was put in place. They are never deleted by themselves. Taking them back gives each to the person in whose folder it lies, or to you if that account is gone.</p>
    <button type="button" class="step first" data-do="reclaim">Take them back</button>`
  : html`<p class="bare">Every file has its entry.</p>`}
  ${view.unreadable.length > 0 && html`<p class="wrong" role="alert">${count(view.unreadable.length, "file")} could not be read and stayed in place: ${view.unreadable.slice(0, 5).join(", ")}${view.unreadable.length > 5 && " …"}</p>`}`;

const made = (told) => `The last backup was made ${when(told.last_at)}, ${bytes(told.bytes)}.${told.missing ? ` ${count(told.missing, "file")} had gone before it.` : ""}`;

export const backup = (told) => html`<p>${told.last_at ? made(told) : "There is no backup yet."}</p>
  <p class="bare">${told.last_at ? "It lies" : "It will lie"} in <code>${told.place}</code>, and takes only what is new each time. Copy it to another disk now and then: one that dies takes both.</p>
  ${told.problem && html`<p class="wrong" role="alert">${told.problem}</p>`}
  ${told.running ? html`<p role="status">Being made: ${bytes(told.done)} of ${bytes(told.total)} …</p>`
    : html`<button type="button" class="step first" data-do="backup">Make a backup</button>`}
  <p class="bare">The same from the command line, and how to put one back:</p><pre tabindex="0"><code>${told.commands.join("\n")}</code></pre>`;

export const settings = (told) => html`<p class="bare">Read only: they are set when the studio starts, as flags or variables. What differs from the default comes first.</p>
  <div class="wide"><table class="settings"><thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">What it does</th></tr></thead>
  <tbody>${[...told.settings].sort((a, b) => b.changed - a.changed).map((one) => html`<tr class="${one.changed && "changed"}"><th scope="row"><code>${one.variable}</code></th>
    <td>${one.value || "–"}</td><td>${one.meaning}</td></tr>`)}</tbody></table></div>`;

/** Markdown, as much of it as a list of changes needs: headings, lists, bold, code. */
const inline = (text) => text.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[^*]+\*)/).map((bit) =>
  bit.startsWith("**") ? html`<b>${bit.slice(2, -2)}</b>` : bit.startsWith("`") ? html`<code>${bit.slice(1, -1)}</code>`
    : bit.startsWith("*") && bit.length > 2 ? html`<i>${bit.slice(1, -1)}</i>` : bit);

const marked = (text) => text.trim().split(/\n(?=#|\n|- )/).map((block) => block.trim()).filter(Boolean).map((block) => {
  const words = block.replace(/\s*\n\s*/g, " ");
  const heading = /^(#+) (.*)/.exec(words);
  if (heading) return heading[1].length > 1 && html`<h4>${heading[2]}</h4>`;
  return words.startsWith("- ") ? html`<p class="item">${inline(words.slice(2))}</p>` : html`<p>${inline(words)}</p>`;
});

export const news = (told) => html`<p>This is version <b>${told.version}</b>, on Python ${told.python}. Everything is in <code>${told.data}</code>.</p>
  <h4>To come to a newer version</h4><ol>${told.upgrade.map((step) => html`<li>${inline(step)}</li>`)}</ol>
  <details class="changes"><summary>What changed, version by version</summary>${marked(told.news)}</details>`;
