// The part of a clip or sound that repeats: from the in point to the out point. In frames (both included) or seconds.

/** @typedef {{ start: number | null, end: number | null }} Loop */

/** Everything repeats. @type {Loop} */
export const WHOLE = { start: null, end: null };

/**
 * Set the in point. An out point before it is dropped.
 * @param {Loop} loop
 * @param {number} at
 * @returns {Loop}
 */
export const withStart = ({ end }, at) => ({ start: at, end: end !== null && end < at ? null : end });

/**
 * Set the out point. An in point after it is dropped.
 * @param {Loop} loop
 * @param {number} at
 * @returns {Loop}
 */
export const withEnd = ({ start }, at) => ({ start: start !== null && start > at ? null : start, end: at });

/** @param {Loop} loop */
export const isWhole = ({ start, end }) => start === null && end === null;

/**
 * The first and the last position of the loop.
 * @param {Loop} loop
 * @param {number} last the last position of all
 */
export const bounds = ({ start, end }, last) => ({ first: Math.min(start ?? 0, last), last: Math.min(end ?? last, last) });
