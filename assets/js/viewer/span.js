// The visible part of a sound: zooming and moving in time.

/** @typedef {{ from: number, to: number }} Span in seconds */

const LEAST = 1; // s: the server's peaks are 1/100 s apart

/**
 * Keep a part of this length within the sound.
 * @param {number} from
 * @param {number} length
 * @param {number} total
 * @returns {Span}
 */
function within(from, length, total) {
  const start = Math.max(0, Math.min(total - length, from));
  return { from: start, to: start + length };
}

/**
 * Show a part ``factor`` times shorter; the moment ``at`` stays where it is.
 * @param {Span} span
 * @param {number} factor
 * @param {number} at
 * @param {number} total
 */
export function zoomSpan(span, factor, at, total) {
  const before = span.to - span.from, length = Math.max(Math.min(LEAST, total), Math.min(total, before / factor));
  return within(at - ((at - span.from) * length) / before, length, total);
}

/**
 * @param {Span} span
 * @param {number} by seconds
 * @param {number} total
 */
export const moveSpan = (span, by, total) => within(span.from + by, span.to - span.from, total);

/**
 * The loudest peak of each of ``columns`` columns of a span; ``peaks`` are of equal parts of ``known``.
 * @param {number[]} peaks
 * @param {Span} known
 * @param {Span} span
 * @param {number} columns
 */
export function columnsOf(peaks, known, span, columns) {
  const rate = peaks.length / (known.to - known.from);
  /** @param {number} column */
  const at = (column) => (span.from + (column * (span.to - span.from)) / columns - known.from) * rate;
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.max(0, Math.floor(at(column))), to = Math.max(from + 1, Math.ceil(at(column + 1)));
    let most = 0;
    for (let n = from; n < Math.min(to, peaks.length); n += 1) most = Math.max(most, peaks[n]);
    return most;
  });
}
