// Whether a result is identical to the asset it was made to reproduce.

import { capitalize } from "./format.js";
import { html } from "./dom.js";
import { icon } from "./icons.js";

/** @import { AssetView } from "../types/api.js" */

/**
 * The verdict as a badge; false if the asset is no reproduction.
 * @param {Pick<AssetView, "verdict">} asset
 */
export const reproductionBadge = ({ verdict }) => {
  if (!verdict) return false;
  const same = verdict.startsWith("identical");
  return html`<p class="verdict ${same ? "same" : "other"}">${icon(same ? "check" : "invert")}${capitalize(verdict)}</p>`;
};

/**
 * The mark of a reproduction on its tile.
 * @param {Pick<AssetView, "reproduces">} asset
 */
export const reproductionMark = ({ reproduces }) => reproduces && html`<em class="again">Reproduction</em>`;
