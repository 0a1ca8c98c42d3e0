// Playing a clip by the frame: exact frames, both directions, speeds, and an in/out loop.

import { bounds, isWhole, WHOLE } from "./loop.js";
import { shuttle } from "./shuttle.js";
import { frameAt, middleOf } from "./timecode.js";

/**
 * @import { Loop } from "./loop.js"
 * @import { Rate } from "./timecode.js"
 */

const EARLY = 0.004; // s: the out point is reached this long before the next frame would appear
const JUST_AFTER = 0.001; // s: within the frame that started

export class Playback {
  /** The speed: 0 is paused, negative is backward. */
  speed = 0;
  /** The speed that Space plays at. */
  usual = 1;
  /** @type {Loop} */
  loop = WHOLE;
  /** The frame last sought, until it plays again. @type {number | null} */
  sought = null;
  /** The start of the frame on screen in seconds, as the browser tells it. @type {number | null} */
  presented = null;

  /**
   * ``changed`` is called when the frame, the speed or the loop changes.
   * @param {HTMLVideoElement} media
   * @param {Rate} rate
   * @param {number | null} frames their number, if the library knows it
   * @param {() => void} changed
   */
  constructor(media, rate, frames, changed) {
    this.media = media;
    this.frames = frames;
    this.rate = rate;
    this.changed = changed;
    for (const name of ["play", "pause", "seeked", "loadedmetadata", "volumechange"]) media.addEventListener(name, () => changed());
    media.addEventListener("pause", () => { if (this.speed > 0 && media.paused && !media.ended) this.speed = 0; });
    media.addEventListener("ended", () => this.rewind());
    if ("requestVideoFrameCallback" in media) this.follow(); // else the clock tells
  }

  follow() {
    this.media.requestVideoFrameCallback((_, { mediaTime }) => {
      this.presented = mediaTime;
      this.changed();
      this.follow();
    });
  }

  get last() { return Math.max(0, (this.frames || Math.round((this.media.duration || 0) * this.rate.fps)) - 1); }
  get range() { return bounds(this.loop, this.last); }
  get playing() { return this.speed !== 0; }

  /** The frame on screen. */
  get frame() {
    if (this.sought !== null) return this.sought;
    return Math.min(this.last, this.presented === null ? frameAt(this.media.currentTime, this.rate) : Math.round(this.presented * this.rate.fps));
  }

  get position() { return this.frame; }

  /** A time in seconds within the frame on screen. */
  get momentShown() {
    return this.sought !== null || this.presented === null ? this.media.currentTime : this.presented + JUST_AFTER;
  }

  /** @param {number} frame */
  seek(frame) {
    this.sought = Math.max(0, Math.min(this.last, frame));
    this.media.currentTime = middleOf(this.sought, this.rate);
    this.changed();
  }

  /** @param {number} by */
  step(by) {
    const to = this.frame + by;
    if (this.playing) this.setSpeed(0);
    this.seek(to);
  }

  /** @param {"j" | "k" | "l"} key */
  shuttle(key) { this.setSpeed(shuttle(this.speed, key)); }

  toggle() { this.setSpeed(this.playing ? 0 : this.usual); }

  /** @param {number} speed */
  setUsual(speed) {
    this.usual = speed;
    if (this.speed > 0) this.setSpeed(speed);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    const { frame } = this;
    this.speed = speed;
    if (speed > 0) return this.forward(frame);
    this.media.pause();
    if (speed < 0) this.backward(performance.now(), frame);
    else this.seek(frame); // after a pause, browsers may show one frame more
    this.changed();
  }

  /** @param {number} frame */
  forward(frame) {
    const { first, last } = this.range, { media } = this;
    if (frame < first || (!isWhole(this.loop) && frame >= last)) this.seek(first);
    this.sought = null;
    media.playbackRate = this.speed;
    media.loop = isWhole(this.loop);
    media.play().catch((error) => { if (error.name === "NotAllowedError") { media.muted = true; media.play().catch(() => this.setSpeed(0)); } });
    this.watch();
    this.changed();
  }

  /** Jump back to the in point when the out point is reached. */
  watch() {
    if (this.speed <= 0 || !this.media.isConnected) return;
    if (!isWhole(this.loop) && this.media.currentTime >= (this.range.last + 1) / this.rate.fps - EARLY) this.rewind();
    requestAnimationFrame(() => this.watch());
  }

  rewind() {
    if (this.speed <= 0 || this.media.seeking) return;
    this.media.currentTime = middleOf(this.range.first, this.rate);
    if (this.media.paused) this.media.play().catch(() => this.setSpeed(0));
  }

  /**
   * Browsers do not play backward: show one frame after the other.
   * @param {number} since when it started, in ms
   * @param {number} from the frame it started at
   */
  backward(since, from) {
    if (this.speed >= 0 || !this.media.isConnected) return;
    const { speed } = this, { first, last } = this.range, length = last - first + 1;
    const passed = Math.floor(((performance.now() - since) / 1000) * -speed * this.rate.fps);
    const start = Math.max(first, Math.min(last, from));
    const frame = last - ((last - start + passed) % length);
    if (frame !== this.sought && !this.media.seeking) this.seek(frame);
    requestAnimationFrame(() => { if (this.speed === speed) this.backward(since, from); });
  }

  /**
   * Go on where another playback of the same clip was.
   * @param {Playback} other
   * @param {number} speed
   */
  continueFrom(other, speed) {
    const { frame, loop, usual } = other;
    this.usual = usual;
    this.setLoop(loop);
    this.seek(frame);
    if (speed) this.setSpeed(speed);
  }

  /** @param {Loop} loop */
  setLoop(loop) {
    this.loop = loop;
    this.media.loop = isWhole(loop);
    this.changed();
  }
}

/**
 * Keep a second clip at the time of the first: exactly while paused, closely while it plays.
 * @param {Playback} player
 * @param {HTMLVideoElement} second
 */
export function synchronize({ media: first, momentShown }, second) {
  const allowed = first.paused ? 1e-4 : 0.06; // s
  const at = Math.min(first.paused ? momentShown : first.currentTime, Math.max(0, (second.duration || 0) - JUST_AFTER));
  second.muted = true;
  if (second.duration && Math.abs(second.currentTime - at) > allowed && !second.seeking) second.currentTime = at;
  if (second.playbackRate !== first.playbackRate) second.playbackRate = first.playbackRate;
  if (first.paused !== second.paused) first.paused ? second.pause() : second.play().catch(() => {});
}
