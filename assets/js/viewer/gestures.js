// Wheel, mouse and fingers on an area: zoom, move, double tap, swipe.

import { targetOf } from "../core/dom.js";

/** @typedef {{ x: number, y: number }} Point in CSS px, from the center of the area */

/**
 * @typedef {object} Gestures
 * @property {(factor: number, at: Point) => void} zoom
 * @property {(x: number, y: number) => void} move with two fingers
 * @property {(x: number, y: number, event: PointerEvent) => void} drag with one finger or the mouse
 * @property {(at: Point) => void} doubleTap
 * @property {(direction: number) => void} swipe to the next (1) or the previous (-1); only while nothing can be moved
 * @property {() => boolean} movable whether dragging moves the content
 */

const TAP_MS = 300, TAP_PX = 24;
const SWIPE = 60; // px

/**
 * How much a turn of the wheel zooms. A pinch on a touchpad arrives as a wheel with Ctrl.
 * @param {WheelEvent} event
 */
const wheelFactor = ({ deltaY, deltaMode, ctrlKey }) => 2 ** (-deltaY * (deltaMode ? 16 : 1) / (ctrlKey ? 80 : 300));

class GestureTracker {
  /**
   * @param {HTMLElement} area
   * @param {Gestures} on
   */
  constructor(area, on) {
    this.area = area;
    this.on = on;
    /** @type {Map<number, PointerEvent>} */
    this.down = new Map();
    /** @type {PointerEvent | null} */
    this.first = null;
    /** @type {PointerEvent | null} */
    this.tapped = null;
    this.pinched = false;
  }

  /**
   * @param {{ clientX: number, clientY: number }} event
   * @returns {Point}
   */
  at({ clientX, clientY }) {
    const box = this.area.getBoundingClientRect();
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 };
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button > 0 || targetOf(event).closest("button, input")) return;
    this.area.setPointerCapture(event.pointerId);
    if (!this.down.size) { this.first = event; this.pinched = false; }
    this.down.set(event.pointerId, event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const before = this.down.get(event.pointerId);
    if (!before) return;
    const other = [...this.down.values()].find((one) => one.pointerId !== event.pointerId);
    if (other) this.pinch(before, event, other);
    else if (this.on.movable()) this.on.drag(event.clientX - before.clientX, event.clientY - before.clientY, event);
    this.down.set(event.pointerId, event);
  }

  /**
   * @param {PointerEvent} before
   * @param {PointerEvent} now
   * @param {PointerEvent} other
   */
  pinch(before, now, other) {
    this.pinched = true;
    /** @param {PointerEvent} one */
    const distance = (one) => Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
    this.on.move((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
    this.on.zoom(distance(now) / distance(before), this.at({ clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 }));
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (!this.down.delete(event.pointerId) || this.down.size || !this.first || this.pinched) return;
    const x = event.clientX - this.first.clientX, y = event.clientY - this.first.clientY;
    if (Math.hypot(x, y) < TAP_PX) this.tap(event);
    else if (event.pointerType === "touch" && !this.on.movable() && Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.on.swipe(x < 0 ? 1 : -1);
  }

  /** @param {PointerEvent} event */
  tap(event) {
    const last = this.tapped;
    const again = last && event.timeStamp - last.timeStamp < TAP_MS && Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < TAP_PX;
    this.tapped = again ? null : event;
    if (again) this.on.doubleTap(this.at(event));
  }
}

/**
 * @param {HTMLElement} area
 * @param {Gestures} on
 */
export function followGestures(area, on) {
  const tracker = new GestureTracker(area, on);
  area.addEventListener("wheel", (event) => { event.preventDefault(); on.zoom(wheelFactor(event), tracker.at(event)); }, { passive: false });
  area.addEventListener("pointerdown", (event) => tracker.press(event));
  area.addEventListener("pointermove", (event) => tracker.drag(event));
  area.addEventListener("pointerup", (event) => tracker.release(event));
  area.addEventListener("pointercancel", (event) => tracker.down.delete(event.pointerId));
}
