// The waveform of a sound. Click, drag or use the keyboard to seek.

/** @typedef {{ start: number, end: number }} Stretch a range of a sound, in seconds */

const BAR = 3, GAP = 1;
const colors = { heard: "#ff9d3c", rest: "#7d7166", line: "#f3ece4", chosen: "#ff9d3c2e", wrong: "#ff8a7c" };

export class Waveform {
  /**
   * ``place`` is a range input over the canvas that handles pointer, keyboard and screen reader.
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLInputElement} place
   * @param {(at: number) => void} goTo
   */
  constructor(canvas, place, goTo) {
    this.canvas = canvas;
    this.place = place;
    /** @type {number[]} */
    this.peaks = [];
    this.seconds = this.at = 0;
    /** @type {Stretch | null} */
    this.chosen = null;
    /** @type {Stretch[]} */
    this.wrong = [];
    place.addEventListener("input", () => goTo(Number(place.value)));
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(canvas);
  }

  leave() { this.watcher.disconnect(); }

  /**
   * ``peaks`` are 0 to 100, one for each column of equal length.
   * @param {number[]} peaks
   * @param {number} seconds
   */
  set(peaks, seconds) {
    this.peaks = peaks;
    this.length(seconds);
  }

  /** @param {number} seconds */
  length(seconds) {
    this.seconds = seconds;
    this.place.max = String(seconds);
    this.draw();
  }

  /** @param {number} at */
  move(at) {
    this.at = at;
    this.place.value = String(at);
    this.place.setAttribute("aria-valuetext", `${at.toFixed(1)} of ${this.seconds.toFixed(1)} seconds`);
    this.draw();
  }

  /**
   * ``chosen`` is a range {start, end}; ``wrong`` are the ranges where words may be wrong.
   * @param {Stretch | null} chosen
   * @param {Stretch[]} wrong
   */
  mark(chosen, wrong) {
    this.chosen = chosen;
    this.wrong = wrong;
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !this.seconds) return;
    const fine = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * fine)) this.canvas.width = Math.round(width * fine);
    if (this.canvas.height !== Math.round(height * fine)) this.canvas.height = Math.round(height * fine);
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    pen.setTransform(fine, 0, 0, fine, 0, 0);
    pen.clearRect(0, 0, width, height);
    /** @param {number} seconds */
    const x = (seconds) => (seconds / this.seconds) * width;
    if (this.chosen) {
      pen.fillStyle = colors.chosen;
      pen.fillRect(x(this.chosen.start), 0, Math.max(2, x(this.chosen.end) - x(this.chosen.start)), height);
    }
    const count = Math.floor(width / (BAR + GAP)), middle = (height - 8) / 2;
    for (let i = 0; i < count; i += 1) {
      const tall = Math.max(1, (this.loudest(i, count) / 100) * (middle - 2));
      pen.fillStyle = i * (BAR + GAP) < x(this.at) ? colors.heard : colors.rest;
      pen.fillRect(i * (BAR + GAP), middle - tall, BAR, 2 * tall);
    }
    pen.fillStyle = colors.wrong;
    for (const { start, end } of this.wrong) pen.fillRect(x(start), height - 5, Math.max(4, x(end) - x(start)), 4);
    pen.fillStyle = colors.line;
    pen.fillRect(Math.min(width - 2, x(this.at)), 0, 2, height - 8);
  }

  /**
   * @param {number} i
   * @param {number} count
   */
  loudest(i, count) {
    const from = Math.floor((i * this.peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * this.peaks.length) / count));
    let most = 0;
    for (let n = from; n < to; n += 1) most = Math.max(most, this.peaks[n] ?? 0);
    return most;
  }
}
