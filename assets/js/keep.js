// What somebody typed outlives a reload and a closed tab: this tab's own words come first, then the last ones in this
// browser. Each person has their own, signing out removes all of it, and two weeks end it.

import { me } from "./api.js";

const PREFIX = "c41-keep/";
const LONGEST = 14 * 24 * 3600 * 1000; // ms
const stores = [sessionStorage, localStorage];

let forgotten = false;

const path = async (name) => `${PREFIX}${(await me()).id}/${name}`;
const ours = (store) => Object.keys(store).filter((key) => key.startsWith(PREFIX));

function read(store, key) {
  try {
    const { at, value } = JSON.parse(store.getItem(key));
    return Date.now() - at < LONGEST ? value : null;
  } catch { return null; }
}

/** Keep a value (anything JSON holds) under a name. */
export async function keep(name, value) {
  const key = await path(name);
  if (forgotten) return;
  const text = JSON.stringify({ at: Date.now(), value });
  for (const store of stores) {
    try { store.setItem(key, text); } catch { store.removeItem(key); } // full: rather nothing than something older
  }
}

/** What is kept under a name, or null. */
export async function recall(name) {
  const key = await path(name);
  return read(sessionStorage, key) ?? read(localStorage, key);
}

/** Remove everything, of everybody, and keep nothing more: the page is about to be left. */
export function forget() {
  forgotten = true;
  for (const store of stores) for (const key of ours(store)) store.removeItem(key);
}

/** Remove what is too old. */
export function sweep() {
  for (const key of ours(localStorage)) if (read(localStorage, key) === null) localStorage.removeItem(key);
}
