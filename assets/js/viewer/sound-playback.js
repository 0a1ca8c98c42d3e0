// Playing a sound, with a part that repeats. The counterpart of Playback for clips.

import { clamp } from "./clamp.js";
import { bounds, isWhole, WHOLE } from "./loop.js";

/** @import { Loop } from "./loop.js" */

const JUMP = 5; // s

export class SoundPlayback {
  /** @type {Loop} */
  loop = WHOLE;

  /**
   * ``changed`` is called when the position, the state or the loop changes.
   * @param {HTMLAudioElement} media
   * @param {number} seconds its length, as the library knows it
   * @param {() => void} changed
   */
  constructor(media, seconds, changed) {
    this.media = media;
    this.seconds = seconds;
    this.changed = changed;
    for (const name of ["pause", "seeked", "ended", "loadedmetadata", "volumechange"]) media.addEventListener(name, () => changed());
    media.addEventListener("play", () => this.follow());
  }

  get playing() { return !this.media.paused; }
  get position() { return this.media.currentTime; }
  get last() { return this.seconds || this.media.duration || 0; }
  get range() { return bounds(this.loop, this.last); }

  follow() {
    if (!this.playing || !this.media.isConnected) return;
    const { first, last } = this.range;
    if (!isWhole(this.loop) && this.position >= last) this.media.currentTime = first;
    this.changed();
    requestAnimationFrame(() => this.follow());
  }

  /** @param {number} seconds */
  seek(seconds) { this.media.currentTime = clamp(seconds, 0, this.last); this.changed(); }

  toggle() {
    const { media } = this, { first, last } = this.range;
    if (this.playing) return media.pause();
    if (!isWhole(this.loop) && (this.position < first || this.position >= last - 0.05)) media.currentTime = first;
    media.play().catch(() => {});
  }

  /** @param {"j" | "k" | "l"} key */
  shuttle(key) {
    if (key === "k") this.media.pause();
    else this.seek(this.position + (key === "l" ? JUMP : -JUMP));
  }

  /** @param {Loop} loop */
  setLoop(loop) { this.loop = loop; this.changed(); }
}
