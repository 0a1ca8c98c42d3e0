// Drag and drop: files, or assets from the filmstrip.

/** The data type of a dragged asset: {id, kind} as JSON. */
const DRAGGED = "application/x-c41-asset";

/**
 * The data of a drag.
 * @param {DragEvent} event
 */
export const transferOf = (event) => /** @type {DataTransfer} */ (event.dataTransfer);

/**
 * Whether a drag carries files.
 * @param {DragEvent} event
 */
export const carriesFiles = (event) => transferOf(event).types.includes("Files");

/**
 * Whether a drag carries an asset.
 * @param {DragEvent} event
 */
export const carriesAsset = (event) => transferOf(event).types.includes(DRAGGED);

/**
 * The asset that was dropped, or null.
 * @param {DragEvent} event
 * @returns {{ id: string, kind: string } | null}
 */
export const droppedAsset = (event) => JSON.parse(transferOf(event).getData(DRAGGED) || "null");

/**
 * Put an asset into a drag.
 * @param {DragEvent} event
 * @param {{ id: string, kind: string }} asset
 */
export const dragAsset = (event, { id, kind }) => transferOf(event).setData(DRAGGED, JSON.stringify({ id, kind }));
