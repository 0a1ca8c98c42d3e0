// The keyboard shortcuts by place. The sheet lists them; those with an action work wherever nothing is being typed.

/**
 * ``keys`` are the names of the keys as shown; ``act`` names what happens, if this module's listener does it.
 * @typedef {{ keys: string[], words: string, act?: string }} Shortcut
 */

/** @type {{ place: string, list: Shortcut[] }[]} */
export const shortcuts = [
  { place: "Everywhere", list: [
    { keys: ["?"], words: "Show these shortcuts", act: "sheet" },
    { keys: ["/"], words: "Search everything" },
    { keys: ["Esc"], words: "Close what is open" },
    { keys: ["Ctrl+Enter"], words: "Press the button of the form, or send the message" },
    { keys: ["1–8"], words: "Choose a task of the tab", act: "task" },
  ] },
  { place: "Result", list: [
    { keys: ["←", "→"], words: "Newer or older result", act: "film" },
    { keys: ["Enter"], words: "Open the focused result in the viewer" },
    { keys: ["F"], words: "Add to favorites, or remove", act: "keep" },
    { keys: ["G"], words: "Compare with the picture it was made from", act: "compare" },
    { keys: ["Space"], words: "Play or pause", act: "play" },
    { keys: ["Del"], words: "Delete", act: "remove" },
  ] },
  { place: "Viewer", list: [
    { keys: ["+", "−"], words: "Zoom" },
    { keys: ["Z"], words: "Fit or 100 %" },
    { keys: ["G", "B"], words: "Compare; hold B to show only “Before”" },
    { keys: ["S", "A"], words: "Scopes, safe areas" },
    { keys: ["J", "K", "L"], words: "Play backward, pause, forward; again: faster" },
    { keys: [",", "."], words: "Previous or next frame" },
    { keys: ["I", "O", "X"], words: "Start, end and clear the loop" },
    { keys: ["M"], words: "Mute" },
    { keys: ["P"], words: "Grab still" },
  ] },
  { place: "Library", list: [
    { keys: ["/"], words: "Search the library" },
    { keys: ["Ctrl+A"], words: "Select all" },
    { keys: ["Space"], words: "Select, or remove from the selection" },
    { keys: ["Enter"], words: "Open" },
    { keys: ["F"], words: "Add to favorites, or remove" },
    { keys: ["Del"], words: "Delete" },
  ] },
  { place: "Mask", list: [
    { keys: ["[", "]"], words: "Smaller or larger brush" },
    { keys: ["Ctrl+Z"], words: "Undo; with Shift, redo" },
  ] },
];

/** @type {Record<string, string>} */
const acts = { "?": "sheet", ArrowLeft: "newer", ArrowRight: "older", f: "keep", g: "compare", " ": "play", Delete: "remove", Backspace: "remove" };

/**
 * What a key does where nothing is being typed: an action, “task 3”, or null.
 * @param {{ key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean }} event
 */
export function actOf({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (/^[1-8]$/.test(key)) return `task ${key}`;
  return acts[key.length === 1 ? key.toLowerCase() : key] ?? null;
}
