// The facts about a LoRA: its model family and trigger words.

import { html } from "../core/dom.js";

/** @import { AssetView } from "../types/api.js" */
/**
 * The display name of a model family.
 * @param {string | null} family
 */
export const familyName = (family) => (family !== null && Object.hasOwn(window.C41.families, family) ? window.C41.families[family] : family) ?? "Unknown family";

/**
 * The summary on a LoRA's tile.
 * @param {AssetView} asset
 */
export const loraSummary = (asset) => [familyName(asset.family), asset.lora?.triggers?.[0]].filter(Boolean).join(" · ");

/** @param {AssetView} asset */
const mends = (asset) => asset.mine && !asset.deleted_at;

/**
 * Parse trigger words separated by commas.
 * @param {string} text
 */
export const parseTriggers = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

/**
 * All facts, for the detail view. The owner can edit the trigger words.
 * @param {AssetView} asset
 */
export const loraDetails = (asset) => {
  const lora = asset.lora ?? {};
  const rows = [["Model family", familyName(asset.family)], ["Trigger words", !mends(asset) && lora.triggers?.join(", ")], ["Rank", lora.rank], ["Trained on", lora.base_model], ["Format", lora.layout],
    ["Also changes", lora.encoders && "the text encoder"]];
  return html`<h3>The LoRA</h3>${lora.obstacle && html`<p class="wrong" role="status">${lora.obstacle}</p>`}${lora.note && html`<p class="bare">${lora.note}</p>`}
    ${mends(asset) && html`<div class="filing"><label>Trigger words <input name="triggers" maxlength="1000" autocomplete="off" spellcheck="false" value="${lora.triggers?.join(", ")}"
      placeholder="Separated by commas" data-focus="triggers"></label></div>`}
    <dl>${rows.filter(([, value]) => value).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`;
};
