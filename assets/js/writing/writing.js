// The Writing tab: conversations on the left, the open one on the right; connects the parts.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { closest, dataOf, find, html, onAction, render, targetOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isEnded, mergeJob, pollNow } from "../core/job-poller.js";
import { openLayer } from "../core/layers.js";
import { project } from "../core/project.js";
import { failed, toast } from "../core/toast.js";
import { setAddress } from "../shell/router.js";
import { cancelJob } from "../stage/asset-actions.js";
import { Attachments } from "./attachments.js";
import { BetterModelNote } from "./better-model.js";
import { Composer } from "./composer.js";
import { ConversationList } from "./conversations.js";
import { ConversationHeader } from "./header.js";
import { MessageList } from "./messages.js";
import { ScriptPin } from "./script-pin.js";
import { LanguageModels, WritingSettings } from "./settings.js";
import { StartScreen } from "./start.js";

/**
 * @import { AskedQuestion, AssetView, JobView, MessageView, ConversationDetail, WritingPreset } from "../types/api.js"
 * @import { Part, Values } from "../types/page.js"
 * @import { EstimatePath } from "./composer.js"
 */

const ID = /^#writing\/([0-9a-f]{32})$/;

/** Assets sent here from other tabs, including before this tab was first opened. */
/** @type {AssetView[]} */
const given = [];
on("use", ({ asset, task }) => { if (task === "write") given.push(asset); });

export class WritingPage {
  /** @type {ConversationDetail | null} */
  talk;
  /** @type {Promise<unknown>} */
  line;
  /** @type {number} */
  opening;
  /** @type {Set<string> | undefined} */
  heard;
  /** @type {WritingPreset | null} */
  chosen;
  /** @type {(() => void) | undefined} */
  unlisted;

  /** @param {Part} part */
  constructor({ element, props }) {
    const root = this.root = find(element, ".writing");
    /** @param {string} selector */
    const part = (selector) => find(root, selector);
    const known = JSON.parse(props.value);
    this.models = new LanguageModels();
    this.conversations = new ConversationList(part(".talks"), {
      open: (id) => { this.sheet(false); this.go(id); },
      gone: (id) => id === this.talk?.id && this.fresh(),
    });
    this.start = new StartScreen(part(".start"), {
      chosen: (preset) => this.preset(preset),
      send: () => this.composer.send(),
      suggest: (text) => { this.composer.text = text; },
    });
    this.files = new Attachments(part(".box .files"), {
      input: find(root, ".box [type=file]", HTMLInputElement), picker: find(root, ".picker", HTMLDialogElement), area: part(".talk"),
      changed: () => { this.composer?.ready(); this.composer?.ask(); },
    });
    this.better = new BetterModelNote(part(".box .tiny"), {
      models: this.models, use: (id) => this.settings.put("model", id), arrived: () => this.models.load().then(() => this.settings.show()),
    });
    this.settings = new WritingSettings(
      {
        select: find(root, ".box select", HTMLSelectElement), think: find(root, ".think", HTMLButtonElement),
        dialog: find(root, ".advanced-sheet", HTMLDialogElement), about: part(".about-model"),
      },
      {
        fields: known.fields, models: this.models, changed: () => { this.composer?.problem(null); this.composer?.ask(); },
        kept: () => this.start.load(), shown: (model) => this.better.show(model),
      },
    );
    this.header = new ConversationHeader(root, {
      sheet: () => this.sheet(), remove: () => this.talk && this.conversations.remove(this.talk), copy: () => this.copy(), new: () => this.fresh(),
      change: (changes) => this.change(changes),
    });
    this.pin = new ScriptPin(() => this.messages.show(this.talk));
    this.messages = new MessageList(part(".turns"), { models: this.models, pin: this.pin, hands: known.hands, acts: this.acts(), ended: () => this.over() });
    this.composer = new Composer(part(".box"), { files: this.files, acts: {
      send: (text) => this.send(text), stop: () => this.stop(), editLast: () => this.editLast(), sendable: () => this.sendable(),
      choose: () => this.choose(), estimate: () => this.question(),
    } });
    this.wire();
    this.began();
  }

  async began() {
    await this.models.load();
    this.settings.show();
    this.start.note(this.models.note);
    this.conversations.load();
    this.arrive();
    this.take();
  }

  wire() {
    onAction(find(this.root, ".talks"), { new: () => { this.sheet(false); this.fresh(); }, shut: () => this.sheet(false) });
    onAction(find(this.root, ".box"), {
      library: () => this.files.choose(), advanced: () => this.settings.open(), unpick: () => this.start.pick(null), mine: () => this.copy(),
    });
    for (const [place, name] of [[".attach .sign", "attach"], [".from", "library"], [".adjust", "adjust"]]) {
      find(this.root, place).insertAdjacentHTML("afterbegin", `${icon(name)}`);
    }
    render(find(this.root, ".send", HTMLButtonElement), html`${icon("up")}${icon("stop")}`);
    // on a phone, the tab gets the height left by the bars
    const above = () => this.root.offsetParent && this.root.style.setProperty("--above", `${this.root.getBoundingClientRect().top + scrollY}px`);
    addEventListener("resize", above);
    on("tab", above);
    above();
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && !targetOf(event).closest("dialog, [popover]") && !this.root.classList.contains("listing") && this.messages.answering && this.stop());
    on("tab", (name) => name === "writing" && this.arrive());
    on("project", () => { this.conversations.load(); this.header.show(this.talk); });
    on("jobs", ({ changed }) => this.followJobs(changed.filter((job) => job.task === "write" && job.mine)));
    on("use", () => this.take());
  }

  /** Attach assets from other tabs to the next message. */
  take() {
    if (!given.length) return;
    if (this.talk && !this.talk.mine) this.fresh();
    for (const asset of given.splice(0)) this.files.add(asset);
    this.composer.focus();
  }

  /** The conversation shown. Only valid while there is one. */
  get current() { return /** @type {ConversationDetail} */ (this.talk); }

  // -- choosing a conversation

  /** Open the conversation in the address; without one, the previous one or a new one. */
  arrive() {
    if (document.body.dataset.tab !== "writing") return;
    const id = ID.exec(location.hash)?.[1];
    if (id) { if (id !== this.talk?.id) this.open(id); return; }
    if (location.hash === "#writing" && this.talk) this.clear();
    else this.header.show(this.talk);
  }

  /**
   * Run calls one after the other, so that the newest is shown last.
   * @template T
   * @param {() => Promise<T>} call
   * @returns {Promise<T>}
   */
  inTurn(call) {
    const next = (this.line ?? Promise.resolve()).then(call);
    this.line = next.catch(() => {});
    return next;
  }

  /** @param {string} id */
  go(id) { setAddress(`writing/${id}`); this.open(id); }

  /** @param {string} id */
  async open(id) {
    const turn = this.opening = (this.opening ?? 0) + 1;
    try {
      const talk = await this.inTurn(() => api.get(`conversations/${id}`));
      if (turn === this.opening) this.show(talk);
    } catch (error) {
      if (turn !== this.opening) return;
      failed(error);
      this.fresh("replace");
    }
  }

  /** @param {"push" | "replace"} [how] */
  fresh(how = "push") {
    setAddress("writing", how);
    this.clear();
    this.composer.focus();
  }

  clear() {
    this.opening = (this.opening ?? 0) + 1;
    this.settings.set({});
    this.start.pick(null);
    this.show(null);
  }

  /** @param {ConversationDetail | null} talk */
  show(talk) {
    const other = talk?.id !== this.talk?.id;
    this.talk = talk;
    this.root.dataset.state = talk ? "talk" : "start";
    find(this.root, ".box").toggleAttribute("data-others", Boolean(talk && !talk.mine));
    if (other && talk) this.settings.set(talk.options);
    this.messages.show(talk);
    this.pin.follow(talk);
    this.conversations.mark(talk?.id);
    this.composer.state = Boolean(this.messages.answering);
    this.header.show(talk);
    if (other) this.composer.ask();
    if (other && talk?.mine) this.composer.focus();
  }

  /** The conversation changed: reload it without disturbing the reader. */
  async refresh(id = this.talk?.id) {
    if (!id) return;
    try {
      const talk = await this.inTurn(() => api.get(`conversations/${id}`));
      if (this.talk?.id === id) this.show(talk);
    } catch (error) { if (api.statusOf(error) === 404 || api.statusOf(error) === 410) this.fresh("replace"); }
    this.conversations.touch();
  }

  /** Handle the end of an answer. */
  over() {
    const said = find(this.root, ".announcement");
    this.refresh().then(() => { if (!this.messages.answering) said.textContent = "The answer is complete."; });
  }

  /** @param {JobView[]} changed */
  followJobs(changed) {
    this.messages.tellAll();
    if (!changed.length) return;
    const here = this.messages.answering?.job_id;
    const fresh = changed.filter((job) => !this.heard?.has(`${job.id}${isEnded(job)}`));
    this.heard = new Set([...(this.heard ?? []), ...changed.map((job) => `${job.id}${isEnded(job)}`)].slice(-200));
    if (!fresh.length) return;
    this.conversations.touch();
    if (fresh.some((job) => job.id !== here)) this.refresh(); // sent from another device
  }

  // -- sending

  /** @param {WritingPreset | null} preset */
  preset(preset) {
    this.chosen = preset;
    const tag = find(this.root, ".box .chosen");
    tag.hidden = !preset;
    find(tag, "span").textContent = preset?.name ?? "";
    const { model } = this.settings.options;
    this.settings.set({ ...(preset?.options ?? {}), ...(preset?.system ? { system: preset.system } : {}), ...(model ? { model } : {}) });
    this.composer?.ready();
  }

  /**
   * The whole message: the filled-in fields, then the typed text.
   * @param {string} text
   */
  words(text) {
    const said = [this.talk ? "" : this.start.words(), text.trim()].filter(Boolean).join("\n\n");
    return said || (this.files.ids.length ? "Read the attached files and summarize what matters." : "");
  }

  sendable() { return Boolean(this.composer?.text.trim() || this.files.ids.length || !this.talk && this.start.preset?.fields.length); }

  /** @param {string} text */
  body(text) { return { text: this.words(text), attachments: this.files.ids, options: this.settings.sent }; }

  /**
   * The request to estimate, if something could be too long.
   * @returns {{ path: EstimatePath, body: unknown } | null}
   */
  question() {
    const text = this.composer?.text ?? "";
    if (!text.trim() && !this.files.ids.length) return null;
    if (this.talk && (!this.talk.mine || this.messages.answering)) return null;
    return { path: this.talk ? `conversations/${this.talk.id}/estimate` : "conversations/estimate", body: this.body(text) };
  }

  /** @param {string} text */
  async send(text) {
    const body = this.body(text);
    if (!body.text) throw new api.Problem({ code: "empty_field", what: "There is nothing to send yet.", next: "Type a message or fill in a field." }, 422);
    const asked = await this.inTurn(() => (this.talk ? api.post(`conversations/${this.current.id}/messages`, body)
      : api.post("conversations", { ...body, project_id: project.id, preset: this.chosen?.id, title: this.start.title() })));
    this.files.clear();
    if ("job" in asked) this.showAnswer(asked);
  }

  /** @param {AskedQuestion} asked */
  showAnswer({ conversation, job }) {
    mergeJob(job);
    pollNow();
    if (conversation.id !== this.talk?.id) {
      setAddress(`writing/${conversation.id}`);
      this.start.pick(null);
    }
    find(this.root, ".announcement").textContent = "The answer is being written.";
    this.show(conversation);
    this.messages.toEnd();
    this.conversations.touch();
  }

  async stop() {
    const { answering } = this.messages;
    if (answering?.job_id) await cancelJob(answering.job_id);
  }

  editLast() {
    const last = this.talk?.mine && this.talk.messages.findLast((message) => message.role === "user");
    if (last) this.edit(last);
  }

  /** @param {MessageView} message */
  edit(message) {
    this.messages.edit(message, async (text) => {
      const body = { text, attachments: message.attachments, options: this.settings.sent, parent_id: message.parent_id };
      this.showAnswer(await this.inTurn(() => api.post(`conversations/${this.current.id}/messages`, body)));
      this.composer.focus();
    });
  }

  choose() {
    const select = find(this.root, ".box select", HTMLSelectElement);
    select.focus();
    try { select.showPicker?.(); } catch { /* the browser wants a press of its own */ }
  }

  // -- the actions of a turn

  /** @returns {Record<string, (button: HTMLButtonElement) => unknown>} */
  acts() {
    /** @param {HTMLElement} button */
    const at = (button) => /** @type {MessageView} */ (this.current.messages.find((message) => message.id === dataOf(closest(button, "[data-id]")).id));
    return {
      "copy-code": (button) => this.clip(find(closest(button, "figure"), "code").textContent, button),
      copy: (button) => this.clip(at(button).text, button),
      edit: (button) => this.edit(at(button)),
      again: (button) => this.again(at(button)),
      branch: (button) => this.change({ head_id: dataOf(button).to }),
      model: () => this.choose(),
      speak: (button) => this.hand("speak", "text", button, at(button)),
      picture: (button) => this.hand("create_image", "prompt", button, at(button)),
      save: (button) => this.header.save(at(button)),
      pin: (button) => this.pin.toggle(at(button)),
      "pin-file": (button) => this.pin.attachment(at(button)),
    };
  }

  /** @param {MessageView} message */
  async again(message) {
    try {
      this.showAnswer(await this.inTurn(() => api.post(`messages/${message.id}/regenerate`, { options: this.settings.sent })));
    } catch (error) { failed(error); }
  }

  /**
   * @param {string} text
   * @param {HTMLElement} button
   */
  async clip(text, button) {
    try {
      await navigator.clipboard.writeText(text);
      button.classList.add("did");
      setTimeout(() => button.classList.remove("did"), 1200);
      toast("Copied.");
    } catch { toast("The browser does not let this page copy. Select the text instead.", { bad: true }); }
  }

  /**
   * Send an answer, or the selected part, to a form of another tab.
   * @param {string} task
   * @param {string} field
   * @param {HTMLElement} button
   * @param {MessageView} message
   */
  hand(task, field, button, message) {
    const turn = closest(button, "article"), marked = getSelection();
    const inside = marked?.rangeCount && turn.contains(marked.anchorNode) && marked.toString().trim();
    const plain = find(turn, ".written").innerText.trim();
    emit("fill", { task, values: { [field]: inside || plain || message.text } });
  }

  // -- saving

  /**
   * Resolves to true on success.
   * @param {Values} changes
   */
  async change(changes) {
    try {
      this.show(await this.inTurn(() => api.patch(`conversations/${this.current.id}`, changes)));
      this.conversations.touch();
      return true;
    } catch (error) { failed(error); }
  }

  async copy() {
    try {
      const talk = await this.inTurn(() => api.post(`conversations/${this.current.id}/copy`));
      setAddress(`writing/${talk.id}`);
      this.show(talk);
      this.conversations.touch();
      toast("Copied. You can continue in your own copy.");
    } catch (error) { failed(error); }
  }

  /** Toggle the list of conversations, which covers the page on a phone. */
  sheet(open = !this.root.classList.contains("listing")) {
    if (open === this.root.classList.contains("listing")) return;
    this.root.classList.toggle("listing", open);
    if (open) this.unlisted = openLayer(() => this.sheet(false));
    else this.unlisted?.();
  }
}
