// The script of the open conversation's project: which answer or document is pinned, and pinning another.

import * as api from "../core/api.js";
import { emit } from "../core/bus.js";
import { failed, toast } from "../core/toast.js";

/** @import { ConversationDetail, MessageView, PinnedScript, ProjectDetail } from "../types/api.js" */

export class ScriptPin {
  /** @type {string | null} */
  project;
  /** @type {PinnedScript | null} */
  script;

  /**
   * ``changed()`` is called when another text is pinned.
   * @param {() => void} changed
   */
  constructor(changed) {
    this.changed = changed;
    this.project = null;
    this.script = null;
  }

  /**
   * Look up the script of a conversation's project.
   * @param {ConversationDetail | null} talk
   */
  async follow(talk) {
    const project = talk?.project_id ?? null;
    if (project === this.project) return;
    this.project = project;
    this.script = null;
    const detail = project && await api.get(`projects/${project}`).catch(() => null);
    if (detail && project === this.project) this.put(detail);
  }

  /** Whether the conversation is in a project, whose script it can be. */
  get offered() { return this.project !== null; }

  /** @param {MessageView} message */
  has(message) { return this.script?.message_id === message.id; }

  /** @param {ProjectDetail} detail */
  put(detail) {
    this.script = detail.script;
    this.changed();
  }

  /**
   * Pin an answer as the script, or unpin it.
   * @param {MessageView} message
   */
  toggle(message) {
    return this.pin(this.has(message) ? null : { message_id: message.id });
  }

  /**
   * Pin the first document attached to a message.
   * @param {MessageView} message
   */
  async attachment(message) {
    try {
      const files = await Promise.all(message.attachments.map((id) => api.assetIfThere(id)));
      const document = files.find((file) => file && ["document", "subtitles"].includes(file.kind));
      if (document) await this.pin({ asset_id: document.id });
      else toast("No document is attached to this message.", { bad: true });
    } catch (error) { failed(error); }
  }

  /** @param {{ message_id: string } | { asset_id: string } | null} script */
  async pin(script) {
    try {
      const detail = await api.patch(`projects/${this.project}`, { script });
      this.put(detail);
      toast(script ? `Pinned as the script of “${detail.name}”.` : "Unpinned.",
        script ? { act: { label: "Show", run: () => { location.hash = `project=${detail.id}`; } } } : undefined);
      emit("projects");
    } catch (error) { failed(error); }
  }
}
