// The files of a project, by kind: the newest of each, and a way to all of them.

import { badgeList, fullTitle } from "../core/badges.js";
import { html } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { thumbnail } from "../core/thumbnail.js";

/** @import { AssetView, ProjectDetail } from "../types/api.js" */

export const SHOWN = 12;

/** @type {[kind: AssetView["kind"], name: string][]} */
export const fileKinds = [["image", "Pictures"], ["clip", "Clips"], ["sound", "Sounds"], ["document", "Documents"]];

/**
 * @param {AssetView} asset
 * @param {boolean} pinned it is the script
 */
const tile = (asset, pinned) => html`<li><button type="button" data-do="look" data-id="${asset.id}"
    aria-label="${fullTitle(asset)}, ${formatDate(asset.created_at)}"><span class="face">${thumbnail(asset)}${badgeList(asset, 3)}</span><b dir="auto">${asset.title}</b>
    <small>${asset.mine ? "" : `${asset.owner} · `}${formatDate(asset.created_at)}</small></button>
  ${asset.kind === "document" && !asset.provenance?.check && html`<button type="button" class="link" data-do="pin" data-id="${asset.id}" ${pinned ? html`disabled` : ""}>${pinned ? "Is the script" : "Pin as script"}</button>`}</li>`;

/**
 * The sections of a project's files; ``files`` has the newest by kind.
 * @param {ProjectDetail} project
 * @param {Record<string, AssetView[]>} files
 */
export const fileSections = (project, files) => fileKinds.filter(([kind]) => files[kind]?.length).map(([kind, name]) =>
  html`<section aria-label="${name}"><header><h3>${name} <small>${(project.counts[kind] ?? 0).toLocaleString()}</small></h3>
      ${(project.counts[kind] ?? 0) > SHOWN && html`<a href="#library?${new URLSearchParams({ project_id: project.id, kind }).toString()}">See all</a>`}</header>
    <ul class="made">${files[kind].map((asset) => tile(asset, asset.id === project.script?.asset_id))}</ul></section>`);
