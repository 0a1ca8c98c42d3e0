// Drafts: what a person typed and has not sent. The studio keeps them, so they are there on each of their devices.

import * as api from "./api.js";
import { oldDraft } from "./old-drafts.js";
import { failed } from "./toast.js";

const PAUSE = 600; // ms of rest before a draft is saved
const RETRY = 5000; // ms until the next attempt if the studio does not respond
const FRESH = 5000; // ms during which the loaded drafts are used again
const LEFT = "c41-left"; // what was still on its way when this tab's page was left
const ARRIVED = 20_000; // ms after which it has arrived

/** Drafts to save, by name. @type {Map<string, unknown>} */
const unsaved = new Map();
/** What is on its way to the studio. @type {Map<string, unknown>} */
const sending = new Map();
/** Names of drafts that changed on this page. @type {Set<string>} */
const changed = new Set();
/** Names of drafts that were refused: the person is told once. @type {Set<string>} */
const refused = new Set();
/** Whose drafts these are: an id, once it is known. */
let person = "";
/** @type {ReturnType<typeof setTimeout>} */
let saving;
/** @type {Promise<Record<string, any>> | null} */
let loaded = null;

function load() {
  if (loaded) return loaded;
  const drafts = loaded = api.get("drafts");
  const forget = () => { loaded = null; };
  drafts.then(() => setTimeout(forget, FRESH), forget);
  return drafts;
}

/**
 * Save a value under a name, once it has not changed for a moment.
 * @param {string} name
 * @param {unknown} value anything JSON holds
 */
export function saveDraft(name, value) {
  unsaved.set(name, value);
  changed.add(name);
  clearTimeout(saving);
  saving = setTimeout(saveNow, PAUSE);
}

/** Keep what may not arrive before the same tab shows the page again: a reload asks for the drafts at once. */
function carry() {
  const drafts = Object.fromEntries([...sending, ...unsaved]);
  if (person) sessionStorage.setItem(LEFT, JSON.stringify({ person, at: Date.now(), drafts }));
}

/** What the page before carried over, if it was this person's. @returns {Promise<Record<string, unknown>>} */
async function carried() {
  ({ id: person } = await api.me());
  const left = JSON.parse(sessionStorage.getItem(LEFT) ?? "{}");
  return Date.now() - left.at < ARRIVED && left.person === person ? left.drafts : {};
}

/** @param {boolean} [leaving] whether this page may be gone before the answer to the last request arrives */
function saveNow(leaving = false) {
  clearTimeout(saving);
  if (leaving) carry();
  for (const [name, value] of unsaved) {
    if (sending.has(name) && !leaving) continue; // it goes after that, so that the last one counts
    unsaved.delete(name);
    send(name, value);
  }
  loaded = null;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
async function send(name, value) {
  sending.set(name, value);
  let wait = 0;
  try {
    ({ id: person } = await api.me());
    await api.put("drafts", { name, value, person });
    refused.delete(name);
  } catch (error) {
    const status = api.statusOf(error) ?? 0;
    if (status < 400 || status === 429 || status >= 500) {
      wait = RETRY;
      if (!unsaved.has(name) && sending.get(name) === value) unsaved.set(name, value);
    } else if (status !== 401 && !refused.has(name)) {
      refused.add(name);
      failed(error);
    }
  }
  if (sending.get(name) === value) sending.delete(name);
  if (unsaved.has(name)) saving = setTimeout(saveNow, wait);
}

/**
 * The value saved under a name on any device, or null.
 * @param {string} name
 */
export async function loadDraft(name) {
  for (const values of [unsaved, sending]) if (values.has(name)) return values.get(name);
  const [left, saved] = await Promise.all([carried(), load()]);
  return (name in left && !changed.has(name) ? left[name] : saved[name]) ?? oldDraft(name);
}

/** Save what is typed before the page closes or goes to the background. */
export function saveDraftsOnLeave() {
  addEventListener("pagehide", () => saveNow(true));
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveNow(true); });
}
