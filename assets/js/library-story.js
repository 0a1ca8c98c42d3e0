// How something was made, in the words of the form that made it; and what tells two things apart.

import { html } from "./dom.js";
import { bytes, facts } from "./words.js";

/** What tasks, fields, values and models are called; the library's page brings it. */
export const names = { tasks: {}, models: {} };

const said = (value) => (value === true ? "yes" : value === false ? "no" : Array.isArray(value) ? value.join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : value);

const nothing = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** What a field's value is called. */
const worded = (value, { unit, values }) => (nothing(value) ? "" : `${values?.[value] ?? said(value)}${unit ? ` ${unit}` : ""}`);

export const modelOf = (asset, words) => {
  const id = asset.model ?? asset.provenance?.model?.id;
  return words.models?.[id] ?? id ?? "";
};

/** The settings as rows: [[label, value]] */
function rows(asset, words) {
  const request = asset.provenance?.request;
  if (!request) return [];
  const { name, fields } = words.tasks[request.task] ?? { name: request.task, fields: {} };
  const settings = Object.entries(fields).map(([field, label]) => [label.label, worded(request[field], label)]);
  return [["What", name], ...settings, ["Model", modelOf(asset, words)]].filter(([, value]) => value !== "");
}

/** How an asset was made, as markup; nothing for what was brought in without its story. */
export const story = (asset, words) => {
  const told = rows(asset, words);
  return told.length > 0 && html`<h3>How it was made</h3><dl>${told.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`;
};

/** What differs between two assets: [[name, one, other]] */
export function differences(a, b, words) {
  const all = (asset) => new Map([
    ["Size", [facts(asset), bytes(asset.bytes)].filter(Boolean).join(" · ")], ...rows(asset, words), ["By", asset.owner], ["From", asset.source ?? ""],
  ]);
  const [one, other] = [all(a), all(b)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((name) => [name, one.get(name) || "–", other.get(name) || "–"])
    .filter(([, first, second]) => String(first) !== String(second));
}
