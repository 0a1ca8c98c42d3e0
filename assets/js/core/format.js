// Readable numbers and dates, and tables of names.

/** @import { AssetView } from "../types/api.js" */

/**
 * A duration: 8 s, 1 min 20 s, 12 min, 1.5 h
 * @param {number} value
 */
export const formatDuration = (value) => {
  if (value < 59.5) return `${Math.max(1, Math.round(value))} s`;
  if (value < 600) {
    const rest = Math.round((value % 60) / 5) * 5 % 60;
    return `${Math.round((value - rest) / 60)} min${rest ? ` ${rest} s` : ""}`;
  }
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1).replace(/\.0$/, "")} h`;
};

/** @param {number} value */
export const formatBytes = (value) => {
  if (value >= 1e9) return `${(value / 1e9).toFixed(value < 1e10 ? 1 : 0)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`;
  return `${Math.max(1, Math.round(value / 1e3))} kB`;
};

/**
 * An asset's properties in one line: 1920 × 1080 · 12 s · 25 fps
 * @param {Pick<AssetView, "width" | "height" | "seconds" | "fps">} asset
 */
export const describeMedia = (asset) => [
  asset.width && asset.height ? `${asset.width} × ${asset.height}` : "",
  asset.seconds ? formatDuration(asset.seconds) : "",
  asset.fps ? `${+asset.fps.toFixed(3)} fps` : "",
].filter(Boolean).join(" · ");

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/**
 * When something was made: today 14:05, yesterday 9:30, 3 May 18:00
 * @param {number} epoch
 */
export const formatDate = (epoch) => {
  const date = new Date(epoch * 1000), time = date.getTime(), midnight = new Date().setHours(0, 0, 0, 0);
  const name = time >= midnight ? "today" : time >= midnight - 864e5 ? "yesterday" : day.format(date);
  return `${name} ${hour.format(date)}`;
};

const list = new Intl.ListFormat("en");

/**
 * “Clara, Ruth, and Arthur”
 * @param {string[]} words
 */
export const listWords = (words) => list.format(words);

/** @param {string} text */
export const capitalize = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The name of each kind of asset. @type {Record<string, string>} */
export const kindNames = { image: "picture", clip: "clip", sound: "sound", subtitles: "subtitles", document: "document", lora: "LoRA", lut: "LUT" };

/**
 * @param {string} _
 * @param {unknown} value
 */
const bare = (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value);

/**
 * Tables from JSON without a prototype: a file's provenance may contain a key like “constructor”.
 * @param {string} text
 * @returns {any}
 */
export const parseTables = (text) => JSON.parse(text, bare);
