// What was done to an asset since the first file it was made from, whose title it has: 2×, 24 fps, Edited.

import { html } from "./dom.js";

/** @import { AssetView } from "../types/api.js" */

/**
 * The title of an asset with its badges, as one line of text.
 * @param {Pick<AssetView, "title" | "badges">} asset
 */
export const fullTitle = (asset) => [asset.title, ...(asset.badges ?? [])].join(" · ");

/**
 * The badges of an asset as markup, at most ``most`` of them, the last ones; false if it has none. They are hidden from
 * screen readers: use ``fullTitle`` for the name of what they are on.
 * @param {Pick<AssetView, "badges">} asset
 */
export const badgeList = ({ badges = [] }, most = badges.length) =>
  badges.length > 0 && html`<span class="badges" aria-hidden="true">${badges.slice(-most).map((badge) => html`<i>${badge}</i>`)}</span>`;
