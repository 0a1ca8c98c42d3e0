// What the scopes count in a frame: 8-bit RGBA pixels, converted with BT.709. Transparent pixels are not counted.

const KR = 0.2126, KB = 0.0722, KG = 1 - KR - KB; // ITU-R BT.709
export const LEVELS = 256;

/**
 * Luma and color difference of R'G'B' from 0 to 1: y from 0 to 1, cb and cr from -0.5 to 0.5.
 * @param {number} r
 * @param {number} g
 * @param {number} b
 */
export function toYCbCr(r, g, b) {
  const y = KR * r + KG * g + KB * b;
  return { y, cb: (b - y) / (2 * (1 - KB)), cr: (r - y) / (2 * (1 - KR)) };
}

/** @param {number} value from 0 to 1 */
const level = (value) => Math.max(0, Math.min(LEVELS - 1, Math.round(value * (LEVELS - 1))));

/**
 * The luma waveform: how often each level occurs in each column, at [level * columns + column].
 * @param {Uint8ClampedArray} pixels
 * @param {number} width
 * @param {number} columns
 */
export function lumaWaveform(pixels, width, columns) {
  const counts = new Uint32Array(columns * LEVELS);
  for (let i = 0, n = 0; i < pixels.length; i += 4, n += 1) {
    if (!pixels[i + 3]) continue;
    const luma = (KR * pixels[i] + KG * pixels[i + 1] + KB * pixels[i + 2]) / 255;
    counts[level(luma) * columns + Math.floor(((n % width) * columns) / width)] += 1;
  }
  return counts;
}

/**
 * Where a color is in the vectorscope: cb to the right, cr up, row 0 at the top.
 * @param {number} r from 0 to 1
 * @param {number} g
 * @param {number} b
 */
export function vectorscopePoint(r, g, b) {
  const { cb, cr } = toYCbCr(r, g, b);
  return { x: level(0.5 + cb), y: level(0.5 - cr) };
}

/**
 * The vectorscope: how often each pair of color differences occurs, at [row * 256 + column].
 * @param {Uint8ClampedArray} pixels
 */
export function vectorscope(pixels) {
  const counts = new Uint32Array(LEVELS * LEVELS);
  for (let i = 0; i < pixels.length; i += 4) {
    if (!pixels[i + 3]) continue;
    const { x, y } = vectorscopePoint(pixels[i] / 255, pixels[i + 1] / 255, pixels[i + 2] / 255);
    counts[y * LEVELS + x] += 1;
  }
  return counts;
}

/**
 * The histograms of red, green and blue: how often each level occurs.
 * @param {Uint8ClampedArray} pixels
 */
export function histograms(pixels) {
  const counts = [0, 1, 2].map(() => new Uint32Array(LEVELS));
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 3]) for (let channel = 0; channel < 3; channel += 1) counts[channel][pixels[i + channel]] += 1;
  }
  return counts;
}

/** The targets of 75 % color bars in the vectorscope. @type {[name: string, r: number, g: number, b: number][]} */
export const TARGETS = [["R", 0.75, 0, 0], ["Yl", 0.75, 0.75, 0], ["G", 0, 0.75, 0], ["Cy", 0, 0.75, 0.75], ["B", 0, 0, 0.75], ["Mg", 0.75, 0, 0.75]];
