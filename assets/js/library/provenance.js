// How an asset was made, with the labels of its form, and the differences between two assets.

import { html } from "../core/dom.js";
import { describeMedia, formatBytes } from "../core/format.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { FieldNames, NameTables } from "../types/page.js"
 */

/** The names of tasks, fields, values and models, set by the library page. */
export const provenanceNames = { tasks: {}, models: {} };

/** @param {unknown} value */
const displayValue = (value) => (value === true ? "yes" : value === false ? "no" : Array.isArray(value) ? value.join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : value);

/** @param {unknown} value */
const isEmpty = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/**
 * The label of a field's value.
 * @param {any} value
 * @param {FieldNames} field
 */
const formatValue = (value, { unit, values }) => (isEmpty(value) ? "" : `${values?.[value] ?? displayValue(value)}${unit ? ` ${unit}` : ""}`);

/**
 * @param {AssetView} asset
 * @param {NameTables} words
 */
export const modelName = (asset, words) => {
  const id = asset.model ?? asset.provenance?.model?.id;
  return words.models?.[id] ?? id ?? "";
};

/**
 * The settings as rows: [[label, value]]
 * @param {AssetView} asset
 * @param {NameTables} words
 * @returns {[label: string, value: string][]}
 */
function rows(asset, words) {
  const request = asset.provenance?.request;
  if (!request) return [];
  const { name, fields } = words.tasks[request.task] ?? { name: request.task, fields: {} };
  /** @type {[label: string, value: string][]} */
  const settings = Object.entries(fields).map(([field, names]) => [names.label, formatValue(request[field], names)]);
  /** @type {[label: string, value: string][]} */
  const all = [["What", name], ...settings, ["Model", modelName(asset, words)]];
  return all.filter(([, value]) => value !== "");
}

/**
 * How an asset was made, as markup; false if it has no recorded settings.
 * @param {AssetView} asset
 * @param {NameTables} words
 */
export const provenanceView = (asset, words) => {
  const settings = rows(asset, words);
  return settings.length > 0 && html`<h3>How it was made</h3><dl>${settings.map(([label, value]) => html`<dt>${label}</dt><dd dir="auto">${value}</dd>`)}</dl>`;
};

/**
 * The differences between two assets: [[name, first, second]]
 * @param {AssetView} a
 * @param {AssetView} b
 * @param {NameTables} words
 */
export function differences(a, b, words) {
  /**
   * @param {AssetView} asset
   * @returns {Map<string, string>}
   */
  const all = (asset) => new Map([
    ["Size", [describeMedia(asset), formatBytes(asset.bytes)].filter(Boolean).join(" · ")], ...rows(asset, words), ["By", asset.owner], ["From", asset.source ?? ""],
  ]);
  const [one, other] = [all(a), all(b)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((name) => /** @type {[name: string, one: string, other: string]} */ ([name, one.get(name) || "–", other.get(name) || "–"]))
    .filter(([, first, second]) => String(first) !== String(second));
}
