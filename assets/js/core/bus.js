// The event bus: parts of the page emit events and listen to others without depending on each other.
// types/events.d.ts lists the events and their payloads.

/** @import { Events } from "../types/events.js" */

/** @type {Map<string, ((detail: any) => void)[]>} */
const listeners = new Map();

/**
 * Call ``listener`` whenever the event happens.
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {(detail: Events[Name]) => void} listener
 */
export const on = (name, listener) => {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
};

/**
 * Call every listener. If one throws, the error is logged and the others are still called.
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {Events[Name] extends void ? [] : [detail: Events[Name]]} detail
 */
export const emit = (name, ...detail) => {
  for (const listener of listeners.get(name) ?? []) {
    try { listener(detail[0]); } catch (error) { console.error(`${name}:`, error); }
  }
};
