// The viewer: one picture, clip or sound over the whole window. A layer: Back and Escape close it.

import * as api from "../core/api.js";
import { fullTitle } from "../core/badges.js";
import { emit } from "../core/bus.js";
import { fieldOf, find, findAll, html, onAction, query, render, targetOf } from "../core/dom.js";
import { describeMedia } from "../core/format.js";
import { icon } from "../core/icons.js";
import { showModal } from "../core/layers.js";
import { isCalm } from "../core/motion.js";
import { COMMANDS, commandButton, commandOf } from "./commands.js";
import { comparisonBar, comparisonChoices } from "./comparison.js";
import { WHOLE, withEnd, withStart } from "./loop.js";
import { Plane } from "./plane.js";
import { Playback, synchronize } from "./playback.js";
import { Scopes } from "./scopes.js";
import { SoundPlayback } from "./sound-playback.js";
import { exactRate } from "./timecode.js";
import { drawTransport, transport } from "./transport.js";
import { WaveformView } from "./waveform-view.js";

/**
 * @import { AssetView } from "../types/api.js"
 * @import { Command } from "./commands.js"
 * @import { Choice } from "./comparison.js"
 * @import { Player } from "./transport.js"
 */

/**
 * @typedef {object} Opening
 * @property {string[]} ids the results to walk through with the arrow keys
 * @property {string} id the one to show first
 * @property {AssetView} [against] compare it with this one
 * @property {boolean} [compare] compare it with what it was made from
 * @property {(id: string) => void} [closed] called with the last one shown
 */

const KINDS = ["image", "clip", "sound"]; // the kinds of assets it shows

const page = html`<header class="viewer-head"><h2 dir="auto"></h2><span class="viewer-about"></span>
    <button type="button" class="viewer-button" data-do="close" aria-label="Close" title="Close (Escape)">${icon("x")}</button></header>
  <div class="viewer-main"><div class="viewer-area"><div class="viewer-plane"></div><div class="viewer-sound"></div>
    <button type="button" class="viewer-button viewer-turn" data-do="previous" aria-label="Previous result" title="Previous result (←)">${icon("left")}</button>
    <button type="button" class="viewer-button viewer-turn" data-do="next" aria-label="Next result" title="Next result (→)">${icon("right")}</button></div>
    <div class="viewer-scopes" role="group" aria-label="Scopes" hidden></div></div>
  <div class="viewer-transport"></div><div class="viewer-comparison" role="group" aria-label="Comparison" hidden></div>
  <div class="viewer-tools"></div><p class="viewer-message" role="status"></p>`;

class Viewer {
  /** @type {AssetView | null} */
  asset = null;
  /** @type {AssetView | null} */
  before = null;
  /** @type {Choice[]} */
  choices = [];
  /** @type {Player | null} */
  player = null;
  /** @type {WaveformView | null} */
  waveform = null;
  /** @type {Opening} */
  opening = { ids: [], id: "" };
  /** @type {HTMLVideoElement[]} videos of the page that play on when the viewer closes */
  resting = [];
  safe = false;
  muted = false;

  constructor() {
    this.dialog = Object.assign(document.createElement("dialog"), { className: "viewer", ariaLabel: "Viewer", tabIndex: -1 });
    document.body.append(this.dialog);
    render(this.dialog, page);
    this.plane = new Plane(find(this.dialog, ".viewer-plane"), { changed: () => this.zoomed(), swiped: (direction) => this.turn(direction) });
    this.scopes = new Scopes(find(this.dialog, ".viewer-scopes"));
    this.actions = this.commands();
    onAction(this.dialog, this.actions);
    this.listen();
  }

  listen() {
    const { dialog } = this;
    dialog.addEventListener("close", () => this.leave());
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("keyup", (event) => this.keyUp(event));
    dialog.addEventListener("change", (event) => this.changed(fieldOf(event)));
    dialog.addEventListener("input", (event) => {
      if (fieldOf(event).name === "position") this.player?.seek(Number(fieldOf(event).value));
    });
    dialog.addEventListener("pointerdown", (event) => { if (targetOf(event).closest("[data-hold]")) this.flicker(true); });
    for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => this.flicker(false));
    dialog.addEventListener("load", () => this.measure(), true);
  }

  // -- opening and closing

  /** @param {Opening} opening */
  async open(opening) {
    this.opening = { ...opening, ids: opening.ids.includes(opening.id) ? [...opening.ids] : [opening.id] };
    if (!this.dialog.open) {
      this.resting = findAll(document, "video", HTMLVideoElement).filter((video) => !video.paused && video.muted);
      for (const media of findAll(document, "video, audio", HTMLMediaElement)) media.pause();
      showModal(this.dialog);
      this.dialog.focus(); // not its first button: the keys are the viewer's
    }
    const asset = await this.load(opening.id);
    if (!asset) return this.say("That file is no longer available.");
    this.show(asset);
    if (opening.against || opening.compare) this.compare(opening.against ?? null);
  }

  leave() {
    const { asset, opening } = this;
    this.clear();
    this.asset = null;
    for (const video of this.resting) if (video.isConnected) video.play().catch(() => {});
    if (asset) opening.closed?.(asset.id);
  }

  clear() {
    this.player?.media.pause();
    this.player = this.waveform = this.before = null;
    this.choices = [];
    this.plane.clear();
    for (const part of ["h2", ".viewer-about"]) find(this.dialog, part).textContent = "";
    for (const part of [".viewer-sound", ".viewer-transport", ".viewer-comparison", ".viewer-tools"]) render(find(this.dialog, part), "");
    find(this.dialog, ".viewer-comparison").hidden = true;
    this.say("");
  }

  /**
   * @param {string} id
   * @returns {Promise<AssetView | null>}
   */
  load(id) { return api.asset(id).catch(() => null); }

  /** @param {string} text */
  say(text) { find(this.dialog, ".viewer-message").textContent = text; }

  // -- showing an asset

  /** @param {AssetView} asset */
  show(asset) {
    this.clear();
    this.asset = asset;
    this.dialog.dataset.kind = asset.kind;
    find(this.dialog, "h2").textContent = fullTitle(asset);
    find(this.dialog, ".viewer-about").textContent = describeMedia(asset);
    const place = this.opening.ids.indexOf(asset.id);
    find(this.dialog, "[data-do=previous]").hidden = place <= 0;
    find(this.dialog, "[data-do=next]").hidden = place >= this.opening.ids.length - 1;
    render(find(this.dialog, ".viewer-tools"), this.tools(asset));
    if (asset.kind === "sound") this.showSound(asset);
    else this.showPicture(asset);
    this.toggled();
    this.keepFocus();
  }

  /** Keep the keys here if the focused button is gone. */
  keepFocus() {
    const { activeElement: focused } = document;
    if (!(focused instanceof HTMLElement && this.dialog.contains(focused) && focused.offsetParent)) this.dialog.focus();
  }

  /** @param {AssetView} asset */
  tools(asset) {
    const [out, closer] = COMMANDS.zoom.map(commandButton), fit = COMMANDS[asset.kind === "sound" ? "span" : "fit"].map(commandButton);
    return html`<div class="viewer-buttons" role="group" aria-label="Zoom">${out}<output class="viewer-zoom"></output>${closer}${fit}</div>
      ${asset.kind !== "sound" && html`<div class="viewer-buttons" role="group" aria-label="Look closely">${COMMANDS.look.map(commandButton)}${asset.kind === "clip" && COMMANDS.still.map(commandButton)}</div>`}`;
  }

  /** @param {AssetView} asset */
  showPicture(asset) {
    this.plane.show(asset, this.before);
    this.plane.safe(this.safe);
    const video = this.plane.one("after");
    if (!(video instanceof HTMLVideoElement)) return this.measure();
    const kept = this.player instanceof Playback ? this.player : null, speed = kept?.speed ?? 0; // comparing renews the elements
    const player = new Playback(video, exactRate(asset.fps), asset.frames, () => this.played());
    this.player = player;
    video.muted = this.muted;
    for (const name of ["loadedmetadata", "seeked", "pause"]) this.plane.one("before")?.addEventListener(name, () => this.played());
    if (!kept) render(find(this.dialog, ".viewer-transport"), transport("clip"));
    else video.addEventListener("loadedmetadata", () => player.continueFrom(kept, speed), { once: true });
    this.played();
    if (!kept && !isCalm()) player.toggle();
  }

  /** @param {AssetView} asset */
  showSound(asset) {
    const area = find(this.dialog, ".viewer-sound");
    render(area, html`<canvas class="viewer-waveform" aria-hidden="true"></canvas><audio preload="metadata" src="${api.fileOf(asset.id)}"></audio>`);
    render(find(this.dialog, ".viewer-transport"), transport("sound"));
    const player = new SoundPlayback(find(area, "audio", HTMLAudioElement), asset.seconds ?? 0, () => this.played());
    this.player = player;
    player.media.muted = this.muted;
    this.waveform = new WaveformView(find(area, "canvas", HTMLCanvasElement), asset, player, { changed: () => this.zoomed(), say: (text) => this.say(text) });
    this.zoomed();
    this.played();
  }

  /** The player's position, state or loop changed. */
  played() {
    const { player } = this;
    if (!player?.media.isConnected) return;
    drawTransport(find(this.dialog, ".viewer-transport"), player);
    this.waveform?.follow();
    const second = this.plane.one("before");
    if (player instanceof Playback && second instanceof HTMLVideoElement) synchronize(player, second);
    this.measure();
  }

  measure() { this.scopes.measure(this.plane.one(this.plane.flickering ? "before" : "after")); }

  get zoomable() { return this.waveform ?? this.plane; }

  zoomed() {
    const zoom = query(this.dialog, ".viewer-zoom");
    if (zoom && this.asset) zoom.textContent = this.zoomable.zoomText;
  }

  // -- the next result

  /** @param {number} by */
  async turn(by) {
    const { ids } = this.opening, from = this.asset;
    for (let place = ids.indexOf(from?.id ?? "") + by; ids[place]; place += by) {
      const asset = await this.load(ids[place]);
      if (this.asset !== from || !this.dialog.open) return;
      if (asset && KINDS.includes(asset.kind) && !asset.deleted_at) return this.show(asset);
    }
  }

  // -- comparing

  /** @param {AssetView | null} [wanted] */
  async compare(wanted = null) {
    const { asset } = this;
    if (!asset || asset.kind === "sound") return;
    const choices = await comparisonChoices(asset, wanted);
    if (this.asset !== asset) return;
    if (!choices.length) return this.say("Nothing to compare it with yet.");
    this.choices = choices;
    this.against(choices[0].asset);
  }

  /**
   * Compare with this one, or with none.
   * @param {AssetView | null} before
   */
  against(before) {
    const { asset } = this, bar = find(this.dialog, ".viewer-comparison");
    if (!asset) return;
    const choosing = bar.contains(document.activeElement);
    this.before = before;
    render(bar, before ? comparisonBar(asset, this.choices, before) : "");
    bar.hidden = !before;
    this.showPicture(asset);
    this.toggled();
    if (choosing) query(bar, "select")?.focus();
    this.keepFocus();
  }

  /** @param {"wipe" | "beside"} layout */
  layout(layout) { this.plane.setLayout(layout); this.toggled(); }

  /** @param {boolean} on */
  flicker(on) {
    if (!this.before || this.plane.flickering === on) return;
    this.plane.flickering = on;
    this.measure();
  }

  /** Show which commands are on. */
  toggled() {
    const { layout } = this.plane;
    const on = { compare: Boolean(this.before), safe: this.safe, scopes: this.scopes.open, wipe: layout === "wipe", beside: layout === "beside" };
    for (const [name, state] of Object.entries(on)) query(this.dialog, `[data-do=${name}]`)?.setAttribute("aria-pressed", String(state));
  }

  // -- commands

  /** @returns {Record<string, () => unknown>} */
  commands() {
    /** @param {(player: Player) => void} act */
    const play = (act) => () => { if (this.player) act(this.player); };
    /** @param {number} by */
    const frame = (by) => play((player) => player instanceof Playback && player.step(by));
    return {
      close: () => this.dialog.close(), previous: () => this.turn(-1), next: () => this.turn(1),
      zoomIn: () => this.zoomable.step(1), zoomOut: () => this.zoomable.step(-1), fit: () => this.zoomable.toggleFit(),
      toggle: play((player) => player.toggle()), stop: play((player) => player.shuttle("k")),
      backward: play((player) => player.shuttle("j")), forward: play((player) => player.shuttle("l")),
      previousFrame: frame(-1), nextFrame: frame(1),
      first: play((player) => player.seek(0)), last: play((player) => player.seek(player.last)),
      setIn: play((player) => player.setLoop(withStart(player.loop, player.position))),
      setOut: play((player) => player.setLoop(withEnd(player.loop, player.position))),
      clearLoop: play((player) => player.setLoop(WHOLE)),
      mute: play((player) => { player.media.muted = this.muted = !player.media.muted; }),
      compare: () => (this.before ? this.against(null) : this.compare()),
      wipe: () => this.layout("wipe"), beside: () => this.layout("beside"),
      safe: () => { this.safe = !this.safe; this.plane.safe(this.safe); this.toggled(); },
      scopes: () => { this.scopes.open = !this.scopes.open; this.toggled(); this.measure(); },
      still: () => this.still(),
    };
  }

  /** Save the frame on screen as a picture. */
  async still() {
    const { asset, player } = this;
    if (!asset || !(player instanceof Playback)) return;
    player.setSpeed(0);
    this.say(`Saving frame ${player.frame} …`);
    try {
      const still = await api.post(`assets/${asset.id}/still`, { seconds: player.momentShown });
      emit("changed", { asset: still });
      this.say(`“${fullTitle(still)}” saved to the library.`);
    } catch (error) { this.say(api.messageOf(error)); }
  }

  /** @param {HTMLInputElement} field */
  changed(field) {
    if (field.name === "speed" && this.player instanceof Playback) this.player.setUsual(Number(field.value));
    if (field.name === "against") this.against(this.choices.find(({ asset }) => asset.id === field.value)?.asset ?? null);
  }

  /** The commands of what is shown. @returns {Command[]} */
  get shownCommands() {
    const kind = this.asset?.kind;
    if (kind === "sound") return [...COMMANDS.zoom, ...COMMANDS.span, ...COMMANDS.sound, ...COMMANDS.range];
    return [...COMMANDS.zoom, ...COMMANDS.fit, ...COMMANDS.look, ...(kind === "clip" ? [...COMMANDS.clip, ...COMMANDS.range, ...COMMANDS.still] : [])];
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = targetOf(event);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select")) return;
    if (target instanceof HTMLInputElement && /^(Arrow|Home|End|Page)/.test(event.key)) return; // a slider's own keys
    if (event.key.toLowerCase() === "b") return this.flicker(true);
    const act = event.key.startsWith("Arrow") ? this.arrow(event.key) : this.actions[commandOf(event.key, this.shownCommands) ?? ""];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** @param {KeyboardEvent} event */
  keyUp(event) {
    if (event.key.toLowerCase() === "b") this.flicker(false);
    if (event.key === " " && this.player && !targetOf(event).closest("select")) event.preventDefault(); // it played, and presses no button
  }

  /**
   * What an arrow key does: move what is zoomed, or to the next result.
   * @param {string} key
   */
  arrow(key) {
    const x = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0, y = { ArrowUp: -1, ArrowDown: 1 }[key] ?? 0;
    if (this.zoomable.movable) return () => this.zoomable.nudge(x, y);
    return x ? () => this.turn(x) : undefined;
  }
}

/** @type {Viewer | undefined} */
let viewer;

/**
 * Open the viewer.
 * @param {Opening} opening
 */
export function openViewer(opening) {
  viewer ??= new Viewer();
  viewer.open(opening);
}
