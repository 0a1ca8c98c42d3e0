// What a LoRA is, in the words of the library: the models it is for, what it answers to.

import { html } from "./dom.js";
/** The models of a family, as people call them. */
export const called = (family) => window.C41.families[family] ?? family ?? "Unknown family";

/** In a few words, on its tile. */
export const brief = (asset) => [called(asset.family), asset.lora?.triggers?.[0]].filter(Boolean).join(" · ");

/** All of it, beside it. */
export const told = (asset) => {
  const lora = asset.lora ?? {};
  const rows = [["For", called(asset.family)], ["Answers to", lora.triggers?.join(", ")], ["Rank", lora.rank], ["Trained on", lora.base_model], ["Written as", lora.layout],
    ["Also changes", lora.encoders && "how words are read"]];
  return html`<h3>The LoRA</h3>${lora.obstacle && html`<p class="wrong" role="status">${lora.obstacle}</p>`}
    <dl>${rows.filter(([, value]) => value).map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`;
};
