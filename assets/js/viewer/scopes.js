// The scopes of a picture or of the current frame: luma waveform, vectorscope, RGB histogram.

import { find, html, render } from "../core/dom.js";
import { histograms, LEVELS, lumaWaveform, TARGETS, vectorscope, vectorscopePoint } from "./scope-math.js";

/** @import { Media } from "./plane.js" */

const SIDE = 320; // px: frames are counted at this size
const LEAST_MS = 100; // between two measurements, so that playback stays smooth
const SKIN_DEGREES = 123; // the line on which skin tones lie
const GREEN = [148, 232, 160], LINE = "#ffffff38", TEXT = "#c9c9c9";
const CHANNELS = ["#ff5c5c", "#5cd67a", "#6aa0ff"];

/**
 * @param {string} name
 * @param {string} label
 * @param {string} caption
 */
const scope = (name, label, caption) => html`<figure><canvas data-scope="${name}" width="${LEVELS}" height="${LEVELS}" role="img" aria-label="${label}"></canvas><figcaption>${caption}</figcaption></figure>`;

/**
 * Draw counts as light: the more often, the brighter.
 * @param {CanvasRenderingContext2D} pen
 * @param {Uint32Array} counts
 * @param {(i: number) => number} pixelOf the pixel of the canvas for a count
 * @param {number} gain
 */
function light(pen, counts, pixelOf, gain) {
  const image = pen.createImageData(LEVELS, LEVELS);
  counts.forEach((count, i) => {
    if (count) image.data.set([...GREEN, Math.min(255, 50 + count * gain)], 4 * pixelOf(i));
  });
  pen.putImageData(image, 0, 0);
  Object.assign(pen, { strokeStyle: LINE, fillStyle: TEXT, lineWidth: 1, font: "11px system-ui, sans-serif" });
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Uint8ClampedArray} pixels
 * @param {number} width
 */
function drawWaveform(pen, pixels, width) {
  light(pen, lumaWaveform(pixels, width, LEVELS), (i) => (LEVELS - 1 - Math.floor(i / LEVELS)) * LEVELS + (i % LEVELS), 24);
  for (const percent of [0, 25, 50, 75, 100]) {
    const y = Math.round((LEVELS - 1) * (1 - percent / 100)) + 0.5;
    pen.strokeRect(0, y, LEVELS, 0);
    pen.fillText(String(percent), 3, Math.max(10, y - 2));
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Uint8ClampedArray} pixels
 */
function drawVectorscope(pen, pixels) {
  light(pen, vectorscope(pixels), (i) => i, 24);
  const middle = LEVELS / 2, angle = (SKIN_DEGREES * Math.PI) / 180;
  pen.beginPath();
  pen.arc(middle, middle, middle - 2, 0, 2 * Math.PI);
  pen.moveTo(middle, middle);
  pen.lineTo(middle + (middle - 2) * Math.cos(angle), middle - (middle - 2) * Math.sin(angle));
  pen.stroke();
  for (const [name, r, g, b] of TARGETS) {
    const { x, y } = vectorscopePoint(r, g, b);
    pen.strokeRect(x - 5, y - 5, 10, 10);
    pen.fillText(name, x + 8, y + 4);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Uint8ClampedArray} pixels
 */
function drawHistogram(pen, pixels) {
  const counts = histograms(pixels);
  const most = Math.max(1, ...counts.map((channel) => channel.slice(1, -1).reduce((high, count) => Math.max(high, count), 0)));
  pen.clearRect(0, 0, LEVELS, LEVELS);
  pen.globalCompositeOperation = "lighter";
  counts.forEach((channel, n) => {
    pen.fillStyle = CHANNELS[n];
    channel.forEach((count, at) => {
      const tall = Math.min(LEVELS, (count / most) * (LEVELS - 8));
      pen.fillRect(at, LEVELS - tall, 1, tall);
    });
  });
  pen.globalCompositeOperation = "source-over";
}

export class Scopes {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.measured = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
    this.small = document.createElement("canvas");
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.small.getContext("2d", { willReadFrequently: true }));
    render(root, html`${scope("waveform", "Luma waveform in percent, BT.709", "Luma, %")}${scope("vectorscope", "Vectorscope, BT.709", "Vectorscope")}${scope("histogram", "RGB histogram", "RGB")}`);
  }

  get open() { return !this.root.hidden; }
  set open(on) { this.root.hidden = !on; }

  /**
   * Measure a picture or frame now, or soon if that was just done.
   * @param {Media | null} media
   */
  measure(media) {
    clearTimeout(this.later);
    if (!this.open || !media?.isConnected) return;
    const wait = this.measured + LEAST_MS - performance.now();
    if (wait > 0) this.later = setTimeout(() => this.measure(media), wait);
    else this.draw(media);
  }

  /** @param {Media} media */
  draw(media) {
    const [width, height] = media instanceof HTMLVideoElement ? [media.videoWidth, media.videoHeight] : [media.naturalWidth, media.naturalHeight];
    if (!width || !height) return;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    this.small.width = Math.max(1, Math.round(width * scale));
    this.small.height = Math.max(1, Math.round(height * scale));
    this.pen.drawImage(media, 0, 0, this.small.width, this.small.height);
    const { data } = this.pen.getImageData(0, 0, this.small.width, this.small.height);
    /** @param {string} name */
    const pen = (name) => /** @type {CanvasRenderingContext2D} */ (find(this.root, `[data-scope=${name}]`, HTMLCanvasElement).getContext("2d"));
    drawWaveform(pen("waveform"), data, this.small.width);
    drawVectorscope(pen("vectorscope"), data);
    drawHistogram(pen("histogram"), data);
    this.measured = performance.now();
  }
}
