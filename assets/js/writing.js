// The writing room: conversations on the left, the talk on the right, and between them what a person wants of it.

import * as api from "./api.js";
import { cancel } from "./actions.js";
import { on, say } from "./bus.js";
import { doing, fill, html, icon } from "./dom.js";
import { address } from "./doors.js";
import { project } from "./film.js";
import { ended, kick, note } from "./follow.js";
import { opened } from "./layers.js";
import { failed, toast } from "./toast.js";
import { Box } from "./writing-box.js";
import { Files } from "./writing-files.js";
import { Head } from "./writing-head.js";
import { Talks } from "./writing-list.js";
import { Models, Settings } from "./writing-settings.js";
import { Start } from "./writing-start.js";
import { Turns } from "./writing-turns.js";

const ID = /^#writing\/([0-9a-f]{32})$/;

/** What was given to the room from elsewhere, also before anybody had been in it. */
const given = [];
on("use", ({ asset, task }) => { if (task === "write") given.push(asset); });

export class Writing {
  constructor({ element, props }) {
    const root = this.root = element.querySelector(".writing");
    const part = (name) => root.querySelector(name), known = JSON.parse(props.value);
    this.models = new Models();
    this.list = new Talks(part(".talks"), {
      open: (id) => { this.sheet(false); this.go(id); },
      gone: (id) => id === this.talk?.id && this.fresh(),
    });
    this.start = new Start(part(".start"), {
      chosen: (preset) => this.preset(preset),
      send: () => this.box.send(),
      suggest: (text) => { this.box.text = text; },
    });
    this.files = new Files(part(".box .files"), {
      input: part(".box [type=file]"), picker: part(".picker"), area: part(".talk"),
      changed: () => { this.box?.ready(); this.box?.ask(); },
    });
    this.settings = new Settings(
      { select: part(".box select"), think: part(".think"), dialog: part(".advanced-sheet"), about: part(".about-model") },
      { fields: known.fields, models: this.models, changed: () => { this.box?.problem(null); this.box?.ask(); }, kept: () => this.start.load() },
    );
    this.head = new Head(root, {
      sheet: () => this.sheet(), remove: () => this.list.remove(this.talk), copy: () => this.copy(), new: () => this.fresh(),
      change: (changes) => this.change(changes),
    });
    this.turns = new Turns(part(".turns"), { models: this.models, hands: known.hands, acts: this.acts(), ended: (message) => this.over(message) });
    this.box = new Box(part(".box"), { files: this.files, acts: {
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
    this.list.load();
    this.arrive();
    this.take();
  }

  wire() {
    doing(this.root.querySelector(".talks"), { new: () => { this.sheet(false); this.fresh(); }, shut: () => this.sheet(false) });
    doing(this.root.querySelector(".box"), {
      library: () => this.files.choose(), advanced: () => this.settings.open(), unpick: () => this.start.pick(null), mine: () => this.copy(),
    });
    for (const [place, name] of [[".attach .sign", "attach"], [".from", "library"], [".adjust", "adjust"]]) {
      this.root.querySelector(place).insertAdjacentHTML("afterbegin", `${icon(name)}`);
    }
    fill(this.root.querySelector(".send"), html`${icon("up")}${icon("stop")}`);
    // a phone gives the room what its bar and its doors leave
    const above = () => this.root.offsetParent && this.root.style.setProperty("--above", `${this.root.getBoundingClientRect().top + scrollY}px`);
    addEventListener("resize", above);
    on("tab", above);
    above();
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && !event.target.closest("dialog, [popover]") && !this.root.classList.contains("listing") && this.turns.answering && this.stop());
    on("tab", (name) => name === "writing" && this.arrive());
    on("project", () => { this.list.load(); this.head.show(this.talk); });
    on("jobs", ({ changed }) => this.hear(changed.filter((job) => job.task === "write" && job.mine)));
    on("use", () => this.take());
  }

  /** Put what was given from elsewhere with the next message. */
  take() {
    if (!given.length) return;
    if (this.talk && !this.talk.mine) this.fresh();
    for (const asset of given.splice(0)) this.files.add(asset);
    this.box.focus();
  }

  // -- which conversation

  /** The address says which conversation is open; without one it is something new, or what was open before. */
  arrive() {
    if (document.body.dataset.tab !== "writing") return;
    const id = ID.exec(location.hash)?.[1];
    if (id) { if (id !== this.talk?.id) this.open(id); return; }
    if (location.hash === "#writing" && this.talk) this.clear();
    else this.head.show(this.talk);
  }

  /** One call after the other: what is shown last is what is newest. */
  inTurn(call) {
    const next = (this.line ?? Promise.resolve()).then(call);
    this.line = next.catch(() => {});
    return next;
  }

  go(id) { address(`writing/${id}`); this.open(id); }

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

  fresh(how = "push") {
    address("writing", how);
    this.clear();
    this.box.focus();
  }

  clear() {
    this.opening = (this.opening ?? 0) + 1;
    this.settings.set({});
    this.start.pick(null);
    this.show(null);
  }

  show(talk) {
    const other = talk?.id !== this.talk?.id;
    this.talk = talk;
    this.root.dataset.state = talk ? "talk" : "start";
    this.root.querySelector(".box").toggleAttribute("data-others", Boolean(talk && !talk.mine));
    if (other && talk) this.settings.set(talk.options);
    this.turns.show(talk);
    this.list.mark(talk?.id);
    this.box.state = Boolean(this.turns.answering);
    this.head.show(talk);
    if (other) this.box.ask();
    if (other && talk?.mine) this.box.focus();
  }

  /** The conversation went on: look at it again, without disturbing who is reading. */
  async refresh(id = this.talk?.id) {
    if (!id) return;
    try {
      const talk = await this.inTurn(() => api.get(`conversations/${id}`));
      if (this.talk?.id === id) this.show(talk);
    } catch (error) { if (error.status === 404 || error.status === 410) this.fresh("replace"); }
    this.list.touch();
  }

  over(message) {
    const said = this.root.querySelector(".told");
    this.refresh().then(() => { if (!this.turns.answering) said.textContent = "The answer is there."; });
  }

  hear(changed) {
    this.turns.tellAll();
    if (!changed.length) return;
    const here = this.turns.answering?.job_id;
    const fresh = changed.filter((job) => !this.heard?.has(`${job.id}${ended(job)}`));
    this.heard = new Set([...(this.heard ?? []), ...changed.map((job) => `${job.id}${ended(job)}`)].slice(-200));
    if (!fresh.length) return;
    this.list.touch();
    if (fresh.some((job) => job.id !== here)) this.refresh(); // asked on another device
  }

  // -- asking

  preset(preset) {
    this.chosen = preset;
    const tag = this.root.querySelector(".box .chosen");
    tag.hidden = !preset;
    tag.querySelector("span").textContent = preset?.name ?? "";
    const { model } = this.settings.options;
    this.settings.set({ ...(preset?.options ?? {}), ...(preset?.system ? { system: preset.system } : {}), ...(model ? { model } : {}) });
    this.box?.ready();
  }

  /** The whole message: what was filled in, then what was typed. */
  words(text) {
    const said = [this.talk ? "" : this.start.words(), text.trim()].filter(Boolean).join("\n\n");
    return said || (this.files.ids.length ? "Read what is attached and say what matters." : "");
  }

  sendable() { return Boolean(this.box?.text.trim() || this.files.ids.length || !this.talk && this.start.preset?.fields.length); }

  body(text) { return { text: this.words(text), attachments: this.files.ids, options: this.settings.sent }; }

  /** What to ask an estimate for: only where something could be too much. */
  question() {
    const text = this.box?.text ?? "";
    if (!text.trim() && !this.files.ids.length) return null;
    if (this.talk && (!this.talk.mine || this.turns.answering)) return null;
    return { path: `conversations/${this.talk ? `${this.talk.id}/` : ""}estimate`, body: this.body(text) };
  }

  async send(text) {
    const body = this.body(text);
    if (!body.text) throw new api.Problem({ code: "empty_field", what: "There is nothing to send yet.", next: "Write something, or fill in a line." }, 422);
    const asked = await this.inTurn(() => (this.talk ? api.post(`conversations/${this.talk.id}/messages`, body)
      : api.post("conversations", { ...body, project_id: project.id, preset: this.chosen?.id, title: this.start.title() })));
    this.files.clear();
    this.asked(asked);
  }

  asked({ conversation, job }) {
    note(job);
    kick();
    if (conversation.id !== this.talk?.id) {
      address(`writing/${conversation.id}`);
      this.start.pick(null);
    }
    this.root.querySelector(".told").textContent = "The answer is being written.";
    this.show(conversation);
    this.turns.toEnd();
    this.list.touch();
  }

  async stop() {
    const { answering } = this.turns;
    if (answering) await cancel(answering.job_id);
  }

  editLast() {
    const last = this.talk?.mine && this.talk.messages.findLast((message) => message.role === "user");
    if (last) this.edit(last);
  }

  edit(message) {
    this.turns.edit(message, async (text) => {
      const body = { text, attachments: message.attachments, options: this.settings.sent, parent_id: message.parent_id };
      this.asked(await this.inTurn(() => api.post(`conversations/${this.talk.id}/messages`, body)));
      this.box.focus();
    });
  }

  choose() {
    const select = this.root.querySelector(".box select");
    select.focus();
    try { select.showPicker?.(); } catch { /* the browser wants a press of its own */ }
  }

  // -- what the buttons of a turn do

  acts() {
    const at = (button) => this.talk.messages.find((message) => message.id === button.closest("[data-id]").dataset.id);
    return {
      "copy-code": (button) => this.clip(button.closest("figure").querySelector("code").textContent, button),
      copy: (button) => this.clip(at(button).text, button),
      edit: (button) => this.edit(at(button)),
      again: (button) => this.again(at(button)),
      branch: (button) => this.change({ head_id: button.dataset.to }),
      model: () => this.choose(),
      speak: (button) => this.hand("speak", "text", button, at(button)),
      picture: (button) => this.hand("create_image", "prompt", button, at(button)),
      save: (button) => this.head.save(at(button)),
    };
  }

  async again(message) {
    try {
      this.asked(await this.inTurn(() => api.post(`messages/${message.id}/regenerate`, { options: this.settings.sent })));
    } catch (error) { failed(error); }
  }

  async clip(text, button) {
    try {
      await navigator.clipboard.writeText(text);
      button.classList.add("did");
      setTimeout(() => button.classList.remove("did"), 1200);
      toast("Copied.");
    } catch { toast("The browser does not let this page copy. Select the text instead.", { bad: true }); }
  }

  /** Give an answer, or what is marked of it, to a form of another tab. */
  hand(task, field, button, message) {
    const turn = button.closest("article"), marked = getSelection();
    const inside = marked.rangeCount && turn.contains(marked.anchorNode) && marked.toString().trim();
    const plain = turn.querySelector(".written").innerText.trim();
    say("fill", { task, values: { [field]: inside || plain || message.text } });
  }

  // -- keeping

  /** Resolves to true where it worked. */
  async change(changes) {
    try {
      this.show(await this.inTurn(() => api.patch(`conversations/${this.talk.id}`, changes)));
      this.list.touch();
      return true;
    } catch (error) { failed(error); }
  }

  async copy() {
    try {
      const talk = await this.inTurn(() => api.post(`conversations/${this.talk.id}/copy`));
      address(`writing/${talk.id}`);
      this.show(talk);
      this.list.touch();
      toast("This copy is yours; go on with it.");
    } catch (error) { failed(error); }
  }

  /** The list of conversations, which a phone has over the page. */
  sheet(open = !this.root.classList.contains("listing")) {
    if (open === this.root.classList.contains("listing")) return;
    this.root.classList.toggle("listing", open);
    if (open) this.unlisted = opened(() => this.sheet(false));
    else this.unlisted();
  }
}
