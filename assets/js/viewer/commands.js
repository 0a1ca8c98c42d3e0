// The commands of the viewer: each is a button and a key, named in one place.

import { html } from "../core/dom.js";
import { icon } from "../core/icons.js";

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} key as in KeyboardEvent.key, lower case
 * @property {string} label
 * @property {string} glyph
 * @property {string} [text] short text next to the icon on wide screens
 */

/** @type {Record<"zoom" | "fit" | "span" | "clip" | "sound" | "range" | "look" | "still", Command[]>} */
export const COMMANDS = {
  zoom: [
    { name: "zoomOut", key: "-", label: "Zoom out", glyph: "minus" },
    { name: "zoomIn", key: "+", label: "Zoom in", glyph: "plus" },
  ],
  fit: [{ name: "fit", key: "z", label: "Fit or 100 %", glyph: "expand", text: "Fit / 100 %" }],
  span: [{ name: "fit", key: "z", label: "Show all or the loop", glyph: "expand", text: "All / loop" }],
  clip: [
    { name: "previousFrame", key: ",", label: "Previous frame", glyph: "previousFrame" },
    { name: "backward", key: "j", label: "Play backward; again: faster", glyph: "backward" },
    { name: "toggle", key: " ", label: "Play or pause", glyph: "play" },
    { name: "forward", key: "l", label: "Play forward; again: faster", glyph: "forward" },
    { name: "nextFrame", key: ".", label: "Next frame", glyph: "nextFrame" },
  ],
  sound: [
    { name: "backward", key: "j", label: "Back 5 seconds", glyph: "backward" },
    { name: "toggle", key: " ", label: "Play or pause", glyph: "play" },
    { name: "forward", key: "l", label: "Forward 5 seconds", glyph: "forward" },
  ],
  range: [
    { name: "setIn", key: "i", label: "Start the loop here", glyph: "in", text: "In" },
    { name: "setOut", key: "o", label: "End the loop here", glyph: "out", text: "Out" },
    { name: "clearLoop", key: "x", label: "Clear the loop", glyph: "unloop" },
    { name: "mute", key: "m", label: "Mute", glyph: "volume" },
  ],
  look: [
    { name: "compare", key: "g", label: "Compare", glyph: "compare", text: "Compare" },
    { name: "safe", key: "a", label: "Safe areas", glyph: "safe", text: "Safe areas" },
    { name: "scopes", key: "s", label: "Scopes", glyph: "scopes", text: "Scopes" },
  ],
  still: [{ name: "still", key: "p", label: "Grab still", glyph: "camera", text: "Grab still" }],
};

/** Commands whose button shows whether they are on. */
const TOGGLES = new Set(["compare", "safe", "scopes", "mute"]);

/** Further keys. K only stops; its button is the one that plays. @type {Record<string, string>} */
const OTHER_KEYS = { "=": "zoomIn", "_": "zoomOut", k: "stop", home: "first", end: "last" };

/** @param {string} key */
const keyName = (key) => (key === " " ? "Space" : key.toUpperCase());

/** @param {Command} command */
export const commandButton = ({ name, key, label, glyph, text }) => html`<button type="button" class="viewer-button" data-do="${name}" aria-label="${label}"
  title="${label} (${keyName(key)})" aria-keyshortcuts="${keyName(key)}" ${TOGGLES.has(name) ? html`aria-pressed="false"` : ""}>${icon(glyph)}${text && html`<span>${text}</span>`}</button>`;

/**
 * The command of a key, among the groups that are shown.
 * @param {string} key
 * @param {Command[]} shown
 */
export const commandOf = (key, shown) => {
  const lower = key.toLowerCase();
  return shown.find((command) => command.key === lower)?.name ?? OTHER_KEYS[lower];
};
