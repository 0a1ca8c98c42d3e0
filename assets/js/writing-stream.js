// The words of an answer as they come. A lost connection is taken up again, also after a reload or a restart.

import { signIn } from "./api.js";

const AGAIN = 1000; // ms until the next try when the studio does not answer

export class Stream {
  /** ``onText(text)`` gets all there is so far; ``onEnd()`` is called once, when the job has ended or begins anew. */
  constructor(job, { onText, onEnd }) {
    Object.assign(this, { job, onText, onEnd });
    this.stopper = new AbortController();
    this.run();
  }

  close() { this.closed = true; this.stopper.abort(); }

  async run() {
    while (!this.closed) {
      try {
        if (await this.follow()) break;
      } catch { if (this.closed) return; }
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
    if (this.closed) return;
    this.closed = true;
    this.onEnd();
  }

  /** Read from the beginning: after a restart the answer may be another one. Resolves to true at the end of the text. */
  async follow() {
    const answer = await fetch(`api/jobs/${this.job}/text`, { cache: "no-store", signal: this.stopper.signal });
    if (answer.status === 401) { this.close(); signIn(); return false; }
    if (answer.status === 404) return true;
    if (!answer.ok) return false;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read();
      if (done || this.closed) return true;
      text += value;
      this.onText(text);
    }
  }
}
