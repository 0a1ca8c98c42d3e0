// The transport of the viewer: position, buttons, speed and readout of a clip or sound.

import { findField, html, find, render } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { COMMANDS, commandButton } from "./commands.js";
import { isWhole } from "./loop.js";
import { Playback } from "./playback.js";
import { speedText } from "./shuttle.js";
import { clock, timecode } from "./timecode.js";

/** @import { SoundPlayback } from "./sound-playback.js" */

/** @typedef {Playback | SoundPlayback} Player */

const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

/** @param {"clip" | "sound"} kind */
export const transport = (kind) => html`<input type="range" name="position" min="0" value="0" step="${kind === "clip" ? 1 : 0.01}" aria-label="Position">
  <div class="viewer-buttons" role="group" aria-label="Playback">${COMMANDS[kind].map(commandButton)}</div>
  <div class="viewer-buttons" role="group" aria-label="Loop and sound">${COMMANDS.range.map(commandButton)}
    ${kind === "clip" && html`<select name="speed" aria-label="Speed" title="Speed">${SPEEDS.map((speed) => html`<option value="${speed}" ${speed === 1 ? "selected" : ""}>${speedText(speed)}</option>`)}</select>`}</div>
  <p class="viewer-readout"></p>`;

/** @param {Playback} player */
function clipReadout(player) {
  const { frame, last, rate, range, speed } = player, code = timecode(frame, rate);
  return html`<b>Frame ${frame}</b> of 0–${last} <b title="${code.name}">${code.text}</b> <abbr title="${code.name}">${code.kind}</abbr> ${+rate.fps.toFixed(3)} fps
    ${!isWhole(player.loop) && html` · loop ${range.first}–${range.last}`}${speed !== 0 && speed !== 1 && html` · ${speedText(speed)}`}`;
}

/** @param {SoundPlayback} player */
function soundReadout(player) {
  const { position, last, range } = player;
  return html`<b>${clock(position)}</b> of ${clock(last)}${!isWhole(player.loop) && html` · loop ${clock(range.first)}–${clock(range.last)} (${clock(range.last - range.first)})`}`;
}

/**
 * Show the state of a player in its transport.
 * @param {HTMLElement} root
 * @param {Player} player
 */
export function drawTransport(root, player) {
  const position = findField(root, "[name=position]"), { first, last } = player.range;
  position.max = String(player.last);
  position.value = String(player.position);
  position.setAttribute("aria-valuetext", player instanceof Playback ? `Frame ${player.frame}, ${timecode(player.frame, player.rate).text}` : clock(player.position));
  const percent = isWhole(player.loop) ? 0 : 100 / Math.max(player.last, 1e-6);
  position.style.setProperty("--in", `${percent * first}%`);
  position.style.setProperty("--out", `${percent * last}%`);
  drawButton(find(root, "[data-do=toggle]"), player.playing ? "pause" : "play", player.playing ? "Pause" : "Play", "Space");
  const { muted } = player.media, mute = find(root, "[data-do=mute]");
  drawButton(mute, muted ? "muted" : "volume", "Mute", "M");
  mute.setAttribute("aria-pressed", String(muted));
  render(find(root, ".viewer-readout"), player instanceof Playback ? clipReadout(player) : soundReadout(player));
}

/**
 * @param {HTMLElement} button
 * @param {string} glyph
 * @param {string} label
 * @param {string} key
 */
function drawButton(button, glyph, label, key) {
  if (button.dataset.glyph === glyph) return; // a button that is replaced while it is pressed gets no click
  button.dataset.glyph = glyph;
  render(button, icon(glyph));
  button.setAttribute("aria-label", label);
  button.title = `${label} (${key})`;
}
