// Stream an answer as it is written. It reconnects after a lost connection, a reload or a restart.

import { signIn } from "../core/api.js";

const AGAIN = 1000; // ms before retrying when the studio is not responding

export class AnswerStream {
  /** @type {boolean} */
  closed;

  /**
   * ``onText(text)`` gets the whole text so far; ``onEnd()`` is called once, when the job has ended or restarts.
   * @param {string} job
   * @param {{ onText: (text: string) => void, onEnd: () => void }} options
   */
  constructor(job, { onText, onEnd }) {
    this.job = job;
    this.onText = onText;
    this.onEnd = onEnd;
    this.stopper = new AbortController();
    this.run();
  }

  close() { this.closed = true; this.stopper.abort(); }

  async run() {
    while (!this.closed) {
      try {
        if (await this.follow()) break;
      } catch { if (this.closed) return; }
      await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
    }
    if (this.closed) return;
    this.closed = true;
    this.onEnd();
  }

  /** Read from the start: after a restart the answer may differ. Resolves to true at the end of the text. */
  async follow() {
    const answer = await fetch(`api/jobs/${this.job}/text`, { cache: "no-store", signal: this.stopper.signal });
    if (answer.status === 401) { this.close(); signIn(); return false; }
    if (answer.status === 404) return true;
    if (!answer.ok || !answer.body) return false;
    if (!answer.body) return true;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done || this.closed) return true;
      text += value;
      this.onText(text);
    }
  }
}
