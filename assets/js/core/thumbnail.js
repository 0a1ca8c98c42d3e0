// The thumbnail of an asset.

import { thumbOf } from "./api.js";
import { html } from "./dom.js";
import { icon } from "./icons.js";

/** @import { AssetView } from "../types/api.js" */

/**
 * The thumbnail of an asset, or the icon of its kind.
 * @param {Pick<AssetView, "id" | "kind" | "has_thumb">} asset
 */
export const thumbnail = (asset) => (asset.has_thumb
  ? html`<img src="${thumbOf(asset.id)}" alt="" loading="lazy" decoding="async" draggable="false">`
  : html`<span class="sign">${icon(asset.kind)}</span>`);
