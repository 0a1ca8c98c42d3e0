// Frames, seconds and timecode (SMPTE ST 12-1). Frames are counted from 0.

const NEAR = 0.002; // fps: stored rates are rounded

/** @typedef {{ fps: number, base: number, drop: boolean }} Rate the exact frame rate; the frames per second of its timecode, 0 if it has none */

/**
 * The exact rate behind a rounded one: 23.976 is 24000/1001.
 * @param {number | null | undefined} fps
 * @returns {Rate}
 */
export function exactRate(fps) {
  const given = fps && fps > 0 ? fps : 25, whole = Math.round(given);
  if (whole > 0 && Math.abs(given - whole) < NEAR) return { fps: whole, base: whole, drop: false };
  const film = (whole * 1000) / 1001;
  if (Math.abs(given - film) < NEAR) return { fps: film, base: whole, drop: whole === 30 || whole === 60 };
  return { fps: given, base: 0, drop: false };
}

/**
 * The frame that is on screen at a time in seconds.
 * @param {number} seconds
 * @param {Rate} rate
 */
export const frameAt = (seconds, { fps }) => Math.max(0, Math.floor(seconds * fps + 1e-3));

/**
 * A time within a frame: its middle, so that rounding never shows a neighbor.
 * @param {number} frame
 * @param {Rate} rate
 */
export const middleOf = (frame, { fps }) => (frame + 0.5) / fps;

/**
 * Drop-frame timecode leaves out numbers: the first two of each minute, except every tenth (four at 59.94).
 * @param {number} frame
 * @param {number} base
 */
function withDropped(frame, base) {
  const dropped = base / 15, tenMinutes = base * 600 - 9 * dropped, minute = base * 60 - dropped;
  const tens = Math.floor(frame / tenMinutes), rest = frame % tenMinutes;
  const minutes = rest < base * 60 ? 0 : 1 + Math.floor((rest - base * 60) / minute);
  return frame + dropped * (9 * tens + minutes);
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/**
 * A time: 0:07.250, 1:02:03.000
 * @param {number} seconds
 */
export function clock(seconds) {
  const ms = Math.max(0, Math.round(seconds * 1000)), s = Math.floor(ms / 1000);
  const end = `${two(s % 60)}.${String(ms % 1000).padStart(3, "0")}`, minutes = Math.floor(s / 60) % 60, hours = Math.floor(s / 3600);
  return hours ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

/**
 * The timecode of a frame, from 00:00:00:00, and what kind it is.
 * @param {number} frame
 * @param {Rate} rate
 * @returns {{ text: string, kind: string, name: string }}
 */
export function timecode(frame, { fps, base, drop }) {
  if (!base) return { text: clock(frame / fps), kind: "time", name: "Time: this frame rate has no timecode" };
  const number = drop ? withDropped(frame, base) : frame, seconds = Math.floor(number / base);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return {
    text: `${parts}${drop ? ";" : ":"}${String(number % base).padStart(base > 100 ? 3 : 2, "0")}`,
    kind: drop ? "DF" : "NDF",
    name: drop ? "Drop-frame timecode" : "Non-drop-frame timecode",
  };
}
