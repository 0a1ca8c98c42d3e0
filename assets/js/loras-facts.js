// What a LoRA is, in the words of the library: the models it is for, what it answers to.

import { html } from "./dom.js";
/** The models of a family, as people call them. */
export const called = (family) => (Object.hasOwn(window.C41.families, family) ? window.C41.families[family] : family) ?? "Unknown family";

/** In a few words, on its tile. */
export const brief = (asset) => [called(asset.family), asset.lora?.triggers?.[0]].filter(Boolean).join(" · ");

const mends = (asset) => asset.mine && !asset.deleted_at;

/** The words it answers to, from what somebody typed: one after each comma. */
export const words = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);

/** All of it, beside it; its owner may correct what it answers to. */
export const told = (asset) => {
  const lora = asset.lora ?? {};
  const rows = [["For", called(asset.family)], ["Answers to", !mends(asset) && lora.triggers?.join(", ")], ["Rank", lora.rank], ["Trained on", lora.base_model], ["Written as", lora.layout],
    ["Also changes", lora.encoders && "how words are read"]];
  return html`<h3>The LoRA</h3>${lora.obstacle && html`<p class="wrong" role="status">${lora.obstacle}</p>`}${lora.note && html`<p class="bare">${lora.note}</p>`}
    ${mends(asset) && html`<div class="filing"><label>Answers to <input name="triggers" maxlength="1000" autocomplete="off" spellcheck="false" value="${lora.triggers?.join(", ")}"
      placeholder="Its trigger words, with commas between" data-focus="triggers"></label></div>`}
    <dl>${rows.filter(([, value]) => value).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`;
};
