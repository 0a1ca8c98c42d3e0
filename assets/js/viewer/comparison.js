// What a picture or clip can be compared with, and how the two differ.

import * as api from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { html } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { differences, provenanceNames } from "../library/provenance.js";

/** @import { AssetView } from "../types/api.js" */

/** @typedef {{ asset: AssetView, label: string }} Choice */

const RECENT = 30;

/**
 * The assets of the same kind to compare with: what it was made from first, then what was made from it, then others.
 * @param {AssetView} asset
 * @param {AssetView | null} wanted
 * @returns {Promise<Choice[]>}
 */
export async function comparisonChoices(asset, wanted) {
  const [family, page] = await Promise.all([
    api.get(`assets/${asset.id}/family`).catch(() => ({ parents: [], children: [] })),
    api.assets({ kind: asset.kind, project_id: asset.project_id ?? "own", limit: RECENT }).catch(() => ({ assets: [] })),
  ]);
  /**
   * @param {AssetView[]} assets
   * @param {string} label
   */
  const choices = (assets, label) => assets.map((one) => ({ asset: one, label: `${label}${fullTitle(one)}` }));
  const all = [
    ...choices(wanted ? [wanted] : [], ""), ...choices(family.parents, "Made from: "), ...choices(family.children, "Made from this: "), ...choices(page.assets, ""),
  ].filter((choice) => choice.asset.kind === asset.kind && choice.asset.id !== asset.id && !choice.asset.deleted_at);
  return all.filter((choice, n) => all.findIndex((other) => other.asset.id === choice.asset.id) === n);
}

/**
 * The bar of a comparison: with what, how, and what differs.
 * @param {AssetView} asset
 * @param {Choice[]} choices
 * @param {AssetView} before
 */
export const comparisonBar = (asset, choices, before) => html`<label class="viewer-against">Compare with <select name="against">
    ${choices.map((choice) => html`<option value="${choice.asset.id}" ${choice.asset.id === before.id ? "selected" : ""}>${choice.label}</option>`)}</select></label>
  <button type="button" class="viewer-button" data-do="wipe" aria-pressed="true"><span>Wipe</span></button>
  <button type="button" class="viewer-button" data-do="beside" aria-pressed="false"><span>Side by side</span></button>
  <button type="button" class="viewer-button" data-hold title="Hold to show only “Before” (B)" aria-keyshortcuts="B"><span>Hold for “Before”</span></button>
  <details class="viewer-differences"><summary>What differs</summary>${differencesTable(before, asset)}</details>`;

/**
 * @param {AssetView} before
 * @param {AssetView} after
 */
function differencesTable(before, after) {
  const rows = differences(before, after, provenanceNames);
  if (!rows.length) return html`<p>No recorded difference.</p>`;
  return html`<table><thead><tr><th scope="col">What</th><th scope="col">Before · ${formatDate(before.created_at)}</th><th scope="col">After · ${formatDate(after.created_at)}</th></tr></thead>
    <tbody>${rows.map(([name, one, other]) => html`<tr><th scope="row">${name}</th><td>${one}</td><td>${other}</td></tr>`)}</tbody></table>`;
}
