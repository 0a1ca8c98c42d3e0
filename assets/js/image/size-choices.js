// The sizes a model offers, as people read them.

/** @import { OfferedSize } from "../types/page.js" */

/**
 * A size in px: 1344 × 768
 * @param {{ width: number, height: number }} size
 */
export const formatSize = ({ width, height }) => `${width} × ${height}`;

/**
 * An area: 1 MP, 0.15 MP
 * @param {{ width: number, height: number }} size
 */
export const formatArea = ({ width, height }) => {
  const megapixels = (width * height) / 1e6;
  return `${Number(megapixels.toFixed(megapixels < 1 ? 2 : 1))} MP`;
};

/**
 * Value and label of each size; an empty value is the model's standard.
 * @param {OfferedSize[]} offered
 * @returns {[value: string, label: string][]}
 */
export const sizeChoices = (offered) => offered.map((one) => (one.megapixels === null
  ? ["", `${formatSize(one)} (standard)`]
  : [String(one.megapixels), formatSize(one)]));

/**
 * The value of the size that is made.
 * @param {OfferedSize[]} offered
 * @param {{ width: number, height: number }} size
 */
export const chosenSize = (offered, { width, height }) => {
  const found = offered.find((one) => one.width === width && one.height === height);
  return found?.megapixels ? String(found.megapixels) : "";
};
