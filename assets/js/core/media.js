// Which tab a task or an asset belongs to.

/** @type {Record<string, string>} */
const mediumOf = { image: "image", clip: "video", sound: "audio", subtitles: "audio" };

/**
 * The tab of a task; undefined if no form has it.
 * @param {string} task
 */
export const medium = (task) => (Object.hasOwn(window.C41.media, task) ? window.C41.media[task] : undefined);

/**
 * The tab whose stage shows an asset.
 * @param {{ kind: string }} asset
 */
export const mediumOfAsset = (asset) => mediumOf[asset.kind];
