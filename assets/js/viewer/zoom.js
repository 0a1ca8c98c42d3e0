// Zooming into a picture: where it is drawn in its area.

import { clamp } from "./clamp.js";

/** @typedef {{ width: number, height: number }} Size */

/**
 * @typedef {object} View
 * @property {number} zoom device pixels per pixel of the picture: 1 is 100 %
 * @property {number} x CSS px from the center of the area to the center of the picture
 * @property {number} y
 */

/** @typedef {{ picture: Size, area: Size, density: number }} Frame the picture in px, its area in CSS px, device pixels per CSS px */

const STOPS = [0.05, 0.1, 0.25, 1 / 3, 0.5, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8, 12, 16];
const NEAREST = 16;

/**
 * The zoom at which the whole picture just fits.
 * @param {Frame} frame
 */
export const fitZoom = ({ picture, area, density }) => density * Math.min(area.width / picture.width, area.height / picture.height);

/**
 * Keep the zoom in its bounds, and no edge of the picture further in than the edge of the area.
 * @param {View} view
 * @param {Frame} frame
 * @returns {View}
 */
export function bounded(view, frame) {
  const fit = fitZoom(frame), { picture, area, density } = frame;
  const zoom = clamp(view.zoom, Math.min(fit, 1), Math.max(fit, NEAREST));
  /** @param {"width" | "height"} side */
  const room = (side) => Math.max(0, ((picture[side] * zoom) / density - area[side]) / 2);
  return { zoom, x: clamp(view.x, -room("width"), room("width")), y: clamp(view.y, -room("height"), room("height")) };
}

/**
 * Zoom around a point, given in CSS px from the center of the area: what is under it stays there.
 * @param {View} view
 * @param {number} zoom
 * @param {{ x: number, y: number }} point
 * @param {Frame} frame
 */
export function zoomAround(view, zoom, point, frame) {
  const next = bounded({ ...view, zoom }, frame).zoom, by = next / view.zoom;
  return bounded({ zoom: next, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by }, frame);
}

/**
 * The next round zoom, larger (1) or smaller (-1).
 * @param {number} zoom
 * @param {number} direction
 */
export function nextStop(zoom, direction) {
  const near = 1e-3 * zoom;
  const stop = direction > 0 ? STOPS.find((one) => one > zoom + near) : STOPS.findLast((one) => one < zoom - near);
  return stop ?? zoom;
}

/**
 * Whether a part of the picture is outside the area, so that it can be moved.
 * @param {number} zoom
 * @param {Frame} frame
 */
export const overflows = (zoom, frame) => zoom > fitZoom(frame) * 1.001;

/**
 * The rectangle of the picture in its area, in CSS px, starting on a whole device pixel: at 100 % each pixel of the
 * picture is one of the screen.
 * @param {View} view
 * @param {Frame} frame
 */
export function rectangle(view, { picture, area, density }) {
  const width = (picture.width * view.zoom) / density, height = (picture.height * view.zoom) / density;
  /** @param {number} at */
  const snapped = (at) => Math.round(at * density) / density;
  return { left: snapped((area.width - width) / 2 + view.x), top: snapped((area.height - height) / 2 + view.y), width, height };
}
