// The filters in the page's address, and as API parameters.

/** @typedef {Record<string, string>} FilterValues what is chosen, by the name of the filter */

const NAMES = ["q", "kind", "project_id", "owner", "model", "tag", "favorite", "originals", "date", "from", "to", "show"];

/** @type {Record<string, Record<string, string | number>>} */
const shows = { made: { origin: "made" }, upload: { origin: "upload" }, deleted: { deleted: 1 } };

/**
 * Midnight a number of days ago, in seconds since 1970.
 * @param {Date} now
 */
const midnight = (now, days = 0) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime() / 1000;

/**
 * The start of a day written as 2026-05-31, in seconds since 1970; "" if it is not a date.
 * @param {string | undefined} text
 */
const dayStart = (text, later = 0) => {
  const [year, month, date] = (text ?? "").split("-").map(Number);
  return year && month && date ? new Date(year, month - 1, date + later).getTime() / 1000 : "";
};

/**
 * The start and end of a date filter.
 * @param {FilterValues} values
 * @param {Date} now
 * @returns {Record<string, string | number>}
 */
function dateRange({ date, from, to }, now) {
  if (date === "today") return { since: midnight(now) };
  if (date === "week") return { since: midnight(now, 6) };
  if (date === "month") return { since: midnight(now, 29) };
  return date === "range" ? { since: dayStart(from), until: dayStart(to, 1) } : {};
}

/**
 * The filters as API parameters.
 * @param {FilterValues} values
 * @returns {Record<string, string | number>}
 */
export function apiQuery(values, now = new Date()) {
  const { date, from, to, show, ...plain } = values;
  return { ...plain, ...dateRange(values, now), ...(shows[show] ?? {}) };
}

/**
 * Parse an address like #library?kind=clip&asset=…; null for another page.
 * @param {string} hash
 * @returns {{ values: FilterValues, asset: string | null } | null}
 */
export function parseAddress(hash) {
  const [tab, text] = hash.slice(1).split("?");
  if (tab !== "library") return null;
  const said = new URLSearchParams((text ?? "").replace(/(^|&)favourite=/, "$1favorite=")); // as older addresses spell it
  return { values: Object.fromEntries(NAMES.map((name) => [name, said.get(name) ?? ""]).filter(([, value]) => value)), asset: said.get("asset") };
}

/**
 * The address for filters, without the #.
 * @param {FilterValues} values
 * @param {string | null} [asset] the id of the open asset
 */
export function formatAddress(values, asset = null) {
  const said = { ...values, ...(asset && { asset }) };
  return Object.keys(said).length ? `library?${new URLSearchParams(said)}` : "library";
}
