// The canvas a mask is painted on: the picture, the paint over it, zoom, undo and redo.

import { find, findField, queryField } from "../core/dom.js";

/** @typedef {{ erase: boolean, radius: number, points: [x: number, y: number][] }} Stroke */

/** @typedef {Stroke | "invert" | "clear"} Act */
const SIDE = 2048; // px: the longest side of the canvas
const NEAREST = 16;
const PAINT = "#ff9d3c";

export class MaskCanvas {
  /** @type {Act[]} */
  done;
  /** @type {Act[]} */
  undone;
  /** @type {HTMLImageElement | null} */
  base;
  /** @type {Stroke | null} */
  stroke;
  /** @type {PointerEvent | null} */
  dragging;
  /** @type {{ far: number, x: number, y: number } | null} */
  span;
  /** @type {number} */
  near;
  /** @type {number} */
  x;
  /** @type {number} */
  y;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    this.dialog = dialog;
    this.area = find(dialog, ".mask-plane");
    this.sheet = find(dialog, ".mask-sheet");
    this.image = find(this.sheet, "img", HTMLImageElement);
    this.canvas = find(this.sheet, "canvas", HTMLCanvasElement);
    this.ring = find(dialog, ".mask-ring");
    this.brush = findField(dialog, "[name=brush]");
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { willReadFrequently: true }));
    /** @type {Map<number, PointerEvent>} */
    this.fingers = new Map();
    this.listen();
  }

  /**
   * Start on a picture; ``mask`` is the earlier mask.
   * @param {string} picture
   * @param {string} mask
   */
  async start(picture, mask) {
    this.done = [];
    this.undone = [];
    this.base = null;
    this.image.src = picture;
    await this.image.decode();
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    if (mask) {
      const base = Object.assign(new Image(), { src: mask });
      await base.decode();
      this.base = base;
    }
    this.fit();
    this.redraw();
  }

  // -- painting

  listen() {
    const { area } = this;
    area.addEventListener("pointerdown", (event) => this.down(event));
    area.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) area.addEventListener(name, (event) => this.up(event));
    area.addEventListener("pointerleave", () => { this.ring.hidden = true; });
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    }, { passive: false });
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.canvas.width && this.place()).observe(area);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = { "[": -4, "]": 4 }[event.key] ?? 0;
    if (by) this.brush.value = String(Number(this.brush.value) + by);
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) this.redo();
    else this.undo();
  }

  get erasing() { return queryField(this.dialog, "[name=tool]:checked")?.value === "erase"; }

  /** The brush radius in window px. It grows faster toward large sizes. */
  get radius() { return 2 + (Number(this.brush.value) / 100) ** 2 * 140; }

  /** @param {{ clientX: number, clientY: number }} event */
  at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
    return { x: (clientX - box.left) * scale, y: (clientY - box.top) * scale, scale };
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.area.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) return this.pinch(); // a second finger moves the canvas instead
    if (event.button > 0 || event.altKey) { this.dragging = event; return; }
    const { x, y, scale } = this.at(event);
    this.stroke = { erase: this.erasing, radius: this.radius * scale, points: [[x, y]] };
    this.done.push(this.stroke);
    this.undone = [];
    this.paint(this.stroke, 0);
    event.preventDefault();
  }

  pinch() {
    if (this.stroke && this.stroke.points.length < 6) { this.done.pop(); this.redraw(); }
    this.stroke = null;
    this.span = this.spread();
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return { far: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.follow(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, event);
    if (this.span && this.fingers.size === 2) {
      const now = this.spread();
      this.shift(now.x - this.span.x, now.y - this.span.y);
      this.zoom(now.far / this.span.far, now.x, now.y);
      this.span = now;
    } else if (this.dragging) {
      this.shift(event.clientX - this.dragging.clientX, event.clientY - this.dragging.clientY);
      this.dragging = event;
    } else if (this.stroke) {
      const from = this.stroke.points.length - 1;
      for (const part of event.getCoalescedEvents?.() ?? [event]) { const { x, y } = this.at(part); this.stroke.points.push([x, y]); }
      this.paint(this.stroke, from);
    }
  }

  /** @param {PointerEvent} event */
  up(event) {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size < 2) this.span = null;
    this.dragging = null;
    if (!this.fingers.size) this.stroke = null;
    this.mark();
  }

  /** @param {PointerEvent} event */
  follow(event) {
    const box = this.area.getBoundingClientRect(), size = this.radius * 2;
    this.ring.hidden = event.pointerType === "touch";
    Object.assign(this.ring.style, { width: `${size}px`, height: `${size}px`, left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px` });
  }

  /**
   * Draw a stroke, starting from one of its points.
   * @param {Stroke} stroke
   */
  paint({ erase, radius, points }, from = 0) {
    const { pen } = this;
    pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
    Object.assign(pen, { lineWidth: radius * 2, lineCap: "round", lineJoin: "round", strokeStyle: PAINT });
    pen.beginPath();
    pen.moveTo(...points[Math.max(0, from)]);
    for (const point of points.slice(from)) pen.lineTo(...point);
    pen.stroke();
  }

  /** @param {Act} what */
  act(what) {
    this.done.push(what);
    this.undone = [];
    this.redraw();
  }

  invert() { this.act("invert"); }
  clear() { this.act("clear"); }
  undo() { this.shiftAct(this.done, this.undone); }
  redo() { this.shiftAct(this.undone, this.done); }

  /**
   * @param {Act[]} from
   * @param {Act[]} to
   */
  shiftAct(from, to) {
    const act = from.pop();
    if (!act) return;
    to.push(act);
    this.redraw();
  }

  redraw() {
    const { pen, canvas: { width, height } } = this;
    /** @param {GlobalCompositeOperation} how */
    const whole = (how) => { pen.globalCompositeOperation = how; pen.fillStyle = PAINT; pen.fillRect(0, 0, width, height); };
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    if (this.base) { pen.drawImage(this.base, 0, 0, width, height); whole("source-in"); }
    for (const one of this.done) {
      if (one === "clear") pen.clearRect(0, 0, width, height);
      else if (one === "invert") whole("source-out");
      else this.paint(one);
    }
    this.mark();
  }

  mark() {
    find(this.dialog, "[data-do=undo]").ariaDisabled = String(!this.done?.length);
    find(this.dialog, "[data-do=redo]").ariaDisabled = String(!this.undone?.length);
  }

  empty() {
    const { data } = this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 3; i < data.length; i += 4) if (data[i]) return false;
    return true;
  }

  /** The mask as PNG: white where painted, transparent elsewhere. */
  png() {
    const sheet = Object.assign(document.createElement("canvas"), { width: this.canvas.width, height: this.canvas.height });
    const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
    pen.drawImage(this.canvas, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    return new Promise((resolve) => { sheet.toBlob(resolve, "image/png"); });
  }

  // -- pan and zoom

  fit() {
    this.near = 1;
    this.x = 0;
    this.y = 0;
    this.place();
  }

  in() { this.zoom(1.5); }
  out() { this.zoom(1 / 1.5); }

  /**
   * @param {number} x
   * @param {number} y
   */
  shift(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  /**
   * Zoom around a point of the window, or around the center.
   * @param {number} by
   * @param {number} [clientX]
   * @param {number} [clientY]
   */
  zoom(by, clientX, clientY) {
    const box = this.area.getBoundingClientRect(), near = Math.max(1, Math.min(NEAREST, this.near * by)), real = near / this.near;
    const x = (clientX ?? box.left + box.width / 2) - box.left - box.width / 2, y = (clientY ?? box.top + box.height / 2) - box.top - box.height / 2;
    this.near = near;
    this.x = x - (x - this.x) * real;
    this.y = y - (y - this.y) * real;
    this.place();
  }

  place() {
    const { clientWidth: width, clientHeight: height } = this.area;
    const ratio = this.canvas.width / this.canvas.height, wide = Math.min(width, height * ratio);
    const room = [Math.max(0, (wide * this.near - width) / 2), Math.max(0, (wide / ratio * this.near - height) / 2)];
    this.x = Math.max(-room[0], Math.min(room[0], this.x));
    this.y = Math.max(-room[1], Math.min(room[1], this.y));
    Object.assign(this.sheet.style, { width: `${wide}px`, height: `${wide / ratio}px`, transform: `translate(${this.x}px, ${this.y}px) scale(${this.near})` });
  }
}
