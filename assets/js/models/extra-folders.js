// The result of scanning the folders listed in ComfyUI's extra_model_paths.yaml.

import { html } from "../core/dom.js";

/** @import { ExtraPaths } from "../types/api.js" */

/**
 * Lines about ``extra`` of a scanned folder; nothing if there is no such file or it lists no folders.
 * @param {ExtraPaths | null | undefined} extra
 */
export function extraFolders(extra) {
  if (!extra) return "";
  if (extra.obstacle) return html`<p class="wrong">${extra.file}: ${extra.obstacle}</p>`;
  if (!extra.folders.length) return "";
  const left = extra.folders.filter((one) => one.obstacle), read = extra.folders.length - left.length;
  return html`<p class="bare">${extra.file} lists ${extra.folders.length === 1 ? "one folder" : `${extra.folders.length} folders`}: ${read} scanned${left.length > 0 && html`, ${left.length} not`}.</p>
    ${left.length > 0 && html`<ul class="lines">${left.map((one) => html`<li><span class="who"><b>${one.path}</b><small>${one.kinds.join(", ")}. ${one.obstacle}</small></span></li>`)}</ul>`}`;
}
