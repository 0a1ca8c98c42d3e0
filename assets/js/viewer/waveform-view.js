// The waveform of a sound in the viewer: zoom, move, select the part that repeats.

import { get, query as parameters } from "../core/api.js";
import { clamp } from "./clamp.js";
import { isWhole } from "./loop.js";
import { columnsOf, moveSpan, zoomSpan } from "./span.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { SoundPlayback } from "./sound-playback.js"
 * @import { Span } from "./span.js"
 */

const BAR = 3, GAP = 1; // px
const DRAG = 4; // px: shorter is a click
const SOON = 150; // ms without a change before finer peaks are loaded
const SLOW = 300; // ms of loading before the viewer says so
const COLORS = { heard: "#ff9d3c", rest: "#8d8279", line: "#f3ece4", loop: "#ff9d3c2e", edge: "#ff9d3c" };

export class WaveformView {
  /** @type {{ span: Span, peaks: number[] }[]} coarse first, then the finest of the visible part */
  levels = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  soon = undefined;
  /** @type {Map<number, PointerEvent>} */
  down = new Map();
  /** @type {PointerEvent | null} */
  first = null;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {AssetView} asset
   * @param {SoundPlayback} player
   * @param {{ changed: () => void, say: (text: string) => void }} options
   */
  constructor(canvas, asset, player, { changed, say }) {
    this.canvas = canvas;
    this.asset = asset;
    this.player = player;
    this.changed = changed;
    this.say = (/** @type {string} */ text) => canvas.isConnected && say(text);
    this.total = asset.seconds || 1;
    /** @type {Span} */
    this.span = { from: 0, to: this.total };
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.listen();
    this.loadWhole();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.moveBy((event.deltaX / canvas.clientWidth) * this.length);
      else this.zoom(2 ** (-event.deltaY / 300), this.secondsAt(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(name, (event) => this.release(event));
  }

  get length() { return this.span.to - this.span.from; }
  get movable() { return this.length < this.total * 0.999; }
  get zoomText() { return `${+(this.total / this.length).toFixed(this.movable ? 1 : 0)}×`; }

  // -- peaks

  /** Load the peaks of everything. The first time, the studio reads the whole file, which takes seconds if it is long. */
  async loadWhole() {
    const slow = setTimeout(() => this.say("Reading the waveform …"), SLOW);
    try {
      this.levels = [await this.peaks({ from: 0, to: this.total })];
      this.say("");
    } catch { this.say("This sound has no waveform. It may be damaged."); }
    clearTimeout(slow);
    this.show(this.span);
  }

  /** Load finer peaks of the visible part. */
  async loadPart() {
    const level = await this.peaks(this.span).catch(() => null); // without them, the coarse ones stay
    if (level) this.levels = [this.levels[0], level];
    this.draw();
  }

  /** @param {Span} span */
  async peaks(span) {
    const { peaks } = await get(`assets/${this.asset.id}/shape?${parameters({ start: span.from, end: span.to })}`);
    return { span, peaks: /** @type {number[]} */ (peaks) };
  }

  /** @param {Span} span */
  show(span) {
    this.span = span;
    this.draw();
    this.changed();
    clearTimeout(this.soon);
    if (this.movable && this.levels.length) this.soon = setTimeout(() => this.canvas.isConnected && this.loadPart(), SOON);
  }

  // -- zoom

  /**
   * @param {number} factor
   * @param {number} at seconds
   */
  zoom(factor, at) { this.show(zoomSpan(this.span, factor, at, this.total)); }

  /** @param {number} direction */
  step(direction) {
    const { position } = this.player, visible = position >= this.span.from && position <= this.span.to;
    this.zoom(2 ** direction, visible ? position : (this.span.from + this.span.to) / 2);
  }

  /** Show everything, or the selection if everything is shown. */
  toggleFit() {
    const { first, last } = this.player.range;
    if (this.movable || isWhole(this.player.loop)) return this.show({ from: 0, to: this.total });
    this.show(zoomSpan({ from: first, to: last }, 1, first, this.total));
  }

  /** @param {number} seconds */
  moveBy(seconds) { this.show(moveSpan(this.span, seconds, this.total)); }

  /** @param {number} x */
  nudge(x) { this.moveBy(x * this.length / 8); }

  /** Keep the position visible while it plays. */
  follow() {
    const { position, playing } = this.player;
    if (playing && this.movable && !this.down.size && (position < this.span.from || position > this.span.to)) this.show(moveSpan(this.span, position - this.span.from, this.total));
    else this.draw();
  }

  // -- pointer: a click seeks, a drag selects, two fingers zoom

  /** @param {{ clientX: number }} event */
  secondsAt({ clientX }) {
    const box = this.canvas.getBoundingClientRect();
    return clamp(this.span.from + ((clientX - box.left) / box.width) * this.length, 0, this.total);
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, event);
    this.first = this.down.size === 1 ? event : null;
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const before = this.down.get(event.pointerId);
    if (!before) return;
    const other = [...this.down.values()].find((one) => one.pointerId !== event.pointerId);
    this.down.set(event.pointerId, event);
    if (other) {
      const [then, now] = [before, event].map((one) => Math.max(8, Math.abs(one.clientX - other.clientX)));
      this.zoom(now / then, this.secondsAt({ clientX: (event.clientX + other.clientX) / 2 }));
    } else if (this.first && Math.abs(event.clientX - this.first.clientX) > DRAG) this.select(this.first, event);
  }

  /**
   * @param {PointerEvent} from
   * @param {PointerEvent} to
   */
  select(from, to) {
    const [start, end] = [this.secondsAt(from), this.secondsAt(to)].sort((a, b) => a - b);
    this.player.setLoop({ start, end });
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (!this.down.delete(event.pointerId) || !this.first || event.type === "pointercancel") return;
    const dragged = Math.abs(event.clientX - this.first.clientX) > DRAG;
    this.player.seek(dragged ? this.player.range.first : this.secondsAt(event));
    this.first = null;
  }

  // -- drawing

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas, density = devicePixelRatio || 1;
    if (!width) return;
    Object.assign(this.canvas, { width: Math.round(width * density), height: Math.round(height * density) });
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    pen.scale(density, density);
    /** @param {number} seconds */
    const x = (seconds) => ((seconds - this.span.from) / this.length) * width;
    const { position, loop, range } = this.player;
    if (!isWhole(loop)) {
      pen.fillStyle = COLORS.loop;
      pen.fillRect(x(range.first), 0, Math.max(2, x(range.last) - x(range.first)), height);
      pen.fillStyle = COLORS.edge;
      for (const edge of [range.first, range.last]) pen.fillRect(x(edge) - 1, 0, 2, height);
    }
    this.bars(width).forEach((peak, i) => {
      const tall = Math.max(1, (peak / 100) * (height / 2 - 4));
      pen.fillStyle = i * (BAR + GAP) < x(position) ? COLORS.heard : COLORS.rest;
      pen.fillRect(i * (BAR + GAP), height / 2 - tall, BAR, 2 * tall);
    });
    pen.fillStyle = COLORS.line;
    pen.fillRect(x(position) - 1, 0, 2, height);
  }

  /**
   * The peaks of the visible part, from the finest level that covers it.
   * @param {number} width
   */
  bars(width) {
    const columns = Math.floor(width / (BAR + GAP));
    const level = this.levels.findLast(({ span }) => span.from <= this.span.from + 1e-6 && span.to >= this.span.to - 1e-6);
    return level ? columnsOf(level.peaks, level.span, this.span, columns) : Array(columns).fill(0);
  }
}
