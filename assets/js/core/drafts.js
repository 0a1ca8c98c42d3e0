// Drafts: what a person typed and has not sent. The studio keeps them, so they are there on each of their devices.

import * as api from "./api.js";
import { oldDraft } from "./old-drafts.js";

const PAUSE = 600; // ms of rest before a draft is saved
const RETRY = 5000; // ms until the next attempt if the studio does not respond
const FRESH = 5000; // ms during which the loaded drafts are used again

/** Drafts to save, by name. @type {Map<string, unknown>} */
const unsaved = new Map();
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
  clearTimeout(saving);
  saving = setTimeout(saveNow, PAUSE);
}

function saveNow() {
  clearTimeout(saving);
  for (const [name, value] of unsaved) {
    unsaved.delete(name);
    api.me().then(({ id: person }) => api.put("drafts", { name, value, person })).catch((error) => {
      if ((api.statusOf(error) ?? 0) >= 400 || unsaved.has(name)) return; // refused, or typed on
      unsaved.set(name, value);
      saving = setTimeout(saveNow, RETRY);
    });
  }
  loaded = null;
}

/**
 * The value saved under a name on any device, or null.
 * @param {string} name
 */
export async function loadDraft(name) {
  if (unsaved.has(name)) return unsaved.get(name);
  return (await load())[name] ?? oldDraft(name);
}

/** Save what is typed before the page closes or goes to the background. */
export function saveDraftsOnLeave() {
  addEventListener("pagehide", saveNow);
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveNow(); });
}
