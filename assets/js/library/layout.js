// The layout of a long list: date headings and rows of equal tiles. Pure arithmetic, nothing is measured.

/** @typedef {{ title: string, from: number, count: number }} Section */

/** @typedef {Section & { top: number, rows: number }} PlacedSection */

/**
 * @typedef {object} TileShape of the tiles; lengths in px
 * @property {number} [least] minimum tile width, if the number of columns is not given
 * @property {number} gap between tiles
 * @property {number} ratio height of a picture divided by its width
 * @property {number} under height of the text below a picture
 * @property {number} [columns]
 */

const HEADING = 46;
const month = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAYS = 6; // days with headings of their own; older ones are grouped by month

/**
 * The period a moment (microseconds) belongs to: its name and its start.
 * @param {number} moment
 * @param {Date} midnight
 * @returns {[title: string, since: number]}
 */
function stretch(moment, midnight) {
  const date = new Date(moment / 1000);
  const day = new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const days = Math.round((midnight.getTime() - day.getTime()) / 864e5);
  if (days <= 0) return ["Today", midnight.getTime() * 1000];
  if (days === 1) return ["Yesterday", day.getTime() * 1000];
  if (days <= DAYS) return [weekday.format(date), day.getTime() * 1000];
  return [month.format(date), new Date(date.getFullYear(), date.getMonth(), 1).getTime() * 1000];
}

/**
 * Sections of a list of moments, newest first: [{title, from, count}]
 * @param {number[]} moments
 */
export function sections(moments, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  /** @type {Section[]} */
  const found = [];
  let begins = Infinity;
  moments.forEach((moment, place) => {
    if (moment < begins) {
      const [title, since] = stretch(moment, midnight);
      begins = since;
      found.push({ title, from: place, count: 0 });
    }
    found[found.length - 1].count += 1;
  });
  return found;
}

export class Layout {
  /**
   * ``shape`` = {least, gap, ratio, under}: minimum tile width, gap, picture ratio, text height.
   * @param {Section[]} listed
   * @param {number} width
   * @param {TileShape} shape
   */
  constructor(listed, width, { least = 0, gap, ratio, under, columns }) {
    this.columns = columns ?? Math.max(2, Math.floor((width + gap) / (least + gap)));
    this.width = (width - gap * (this.columns - 1)) / this.columns;
    this.tall = this.width * ratio + under;
    this.step = this.width + gap;
    this.row = this.tall + gap;
    let top = 0;
    this.sections = listed.map((section) => {
      const placed = { ...section, top, rows: Math.ceil(section.count / this.columns) };
      top += HEADING + placed.rows * this.row;
      return placed;
    });
    this.height = top;
  }

  /**
   * The number of the last section for which ``before(section)`` is true; 0 if there is none.
   * @param {(section: PlacedSection) => boolean} before
   */
  search(before) {
    let low = 0, high = this.sections.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (before(this.sections[middle])) low = middle; else high = middle;
    }
    return low;
  }

  /** @param {number} place */
  sectionOf(place) { return this.search((section) => section.from <= place); }

  /** @param {number} place */
  spot(place) {
    const section = this.sections[this.sectionOf(place)];
    const inside = place - section.from;
    const row = Math.floor(inside / this.columns);
    return { left: (inside % this.columns) * this.step, top: section.top + HEADING + row * this.row };
  }

  /**
   * What is between two heights: positions [first, last), sections [from, to).
   * @param {number} top
   * @param {number} bottom
   */
  between(top, bottom) {
    if (!this.sections.length) return { first: 0, last: 0, from: 0, to: 0 };
    const from = this.search((section) => section.top <= top);
    const end = this.search((section) => section.top < bottom);
    /**
     * @param {PlacedSection} section
     * @param {number} height
     * @param {(value: number) => number} round
     */
    const place = (section, height, round) => {
      const row = round((height - section.top - HEADING) / this.row);
      return section.from + Math.max(0, Math.min(section.count, row * this.columns));
    };
    return {
      first: place(this.sections[from], top, Math.floor), last: place(this.sections[end], bottom, Math.ceil), from, to: end + 1,
    };
  }

  /**
   * The position one row up or down, in the same column if possible.
   * @param {number} place
   * @param {number} down
   */
  beside(place, down) {
    const number = this.sectionOf(place), section = this.sections[number];
    const inside = place - section.from, column = inside % this.columns, row = Math.floor(inside / this.columns);
    const target = row + down;
    if (target >= 0 && target < section.rows) return section.from + Math.min(section.count - 1, target * this.columns + column);
    const other = this.sections[number + down];
    if (!other) return place;
    const start = down > 0 ? 0 : (other.rows - 1) * this.columns;
    return other.from + Math.min(other.count - 1, start + column);
  }
}
