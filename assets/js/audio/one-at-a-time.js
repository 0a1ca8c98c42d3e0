// Only one sound plays at a time: whatever starts pauses the others. Silent clips may loop on.

import { findAll } from "../core/dom.js";

export const playOneAtATime = () => document.addEventListener("play", ({ target }) => {
  if (!(target instanceof HTMLMediaElement) || target.muted) return;
  for (const other of findAll(document, "audio, video", HTMLMediaElement)) {
    if (other !== target && !other.muted) other.pause();
  }
}, true);
