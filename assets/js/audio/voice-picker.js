// The voices to choose from. A press on a play button plays its sample; the next one stops it.

import { dataOf, fieldOf, find, findAll, onAction, renderChanged } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @import { Part } from "../types/page.js" */

export class VoicePicker {
  /** @param {Part} part */
  constructor({ element, props, watch }) {
    this.props = props;
    this.root = find(element, ".voices");
    this.audio = find(this.root, "audio", HTMLAudioElement);
    /** The voice whose sample plays. */
    this.playing = "";
    onAction(this.root, { play: (button) => this.play(dataOf(button).voice) });
    this.root.addEventListener("change", (event) => { this.props.value = fieldOf(event).value; });
    for (const name of ["pause", "ended", "error"]) this.audio.addEventListener(name, () => { this.playing = ""; this.draw(); });
    watch("value", () => this.draw());
    this.draw();
  }

  /** @param {string} voice */
  play(voice) {
    const again = this.playing === voice;
    this.audio.pause();
    if (again) return;
    this.audio.src = `c41/samples/voices/${voice}.m4a`;
    this.audio.play().catch(() => {}); // stopped by the next one
    this.playing = voice;
    this.draw();
  }

  draw() {
    for (const input of findAll(this.root, "input", HTMLInputElement)) input.checked = input.value === this.props.value;
    for (const button of findAll(this.root, "[data-do=play]")) {
      const playing = dataOf(button).voice === this.playing;
      renderChanged(button, icon(playing ? "stop" : "play"));
      button.setAttribute("aria-pressed", String(playing));
    }
  }
}
