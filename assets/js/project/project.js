// The page of a project: script, files, notes, cast, recipes, people. #project=<id>, or #project for the current one.

import * as api from "../core/api.js";
import { emit, on } from "../core/bus.js";
import { dataOf, fieldOf, find, html, onAction, render, renderChanged } from "../core/dom.js";
import { capitalize, formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { audience, project as current } from "../core/project.js";
import { failed, toast } from "../core/toast.js";
import { openTab, setAddress } from "../shell/router.js";
import { MarkdownView } from "../writing/markdown.js";
import { fileKinds, fileSections, SHOWN } from "./files.js";
import { ProjectNotes } from "./notes.js";
import { ProjectPeople } from "./people.js";

/**
 * @import { AssetView, CastView, PinnedScript, ProjectDetail, ProjectView, RunView } from "../types/api.js"
 * @import { Part, Values } from "../types/page.js"
 */

const ADDRESS = /^#project(?:=([0-9a-f]{32}))?$/;
const SOON = 250; // ms: simultaneous changes cause one request

export class ProjectPage {
  /** @type {ProjectDetail | null} */
  project;
  /** @type {ReturnType<typeof setTimeout>} */
  soon;
  /** @type {MarkdownView | null} */
  markdown;

  /** @param {Part} part */
  constructor({ element }) {
    this.root = find(element, ".project-page");
    this.project = null;
    this.markdown = null;
    this.turn = 0;
    /** @type {Record<string, AssetView[]>} */
    this.files = {};
    /** @type {ProjectView[]} */
    this.all = [];
    this.notes = new ProjectNotes(this.root);
    this.people = new ProjectPeople(this.part(".project-people"), (values) => this.change(values));
    onAction(this.root, {
      look: (button) => openTab(`library?asset=${dataOf(button).id}`),
      pin: (button) => this.change({ script: { asset_id: dataOf(button).id } }, "Pinned as the project's script."),
      unpin: () => this.unpin(),
      write: () => this.write(),
      current: () => this.makeCurrent(),
      archive: () => this.archive(true),
      restore: () => this.archive(false),
    });
    this.root.addEventListener("change", (event) => { if (fieldOf(event).name === "project-name") this.rename(fieldOf(event)); });
    on("tab", (name) => (name === "project" ? this.load() : this.notes.leave()));
    for (const event of /** @type {const} */ (["project", "projects", "changed", "finished", "cast"])) on(event, () => this.touch());
    this.load();
  }

  /** @param {string} selector */
  part(selector) { return find(this.root, selector); }

  get front() { return document.body.dataset.tab === "project"; }

  /** Something changed: reload once. */
  touch() {
    clearTimeout(this.soon);
    if (this.front) this.soon = setTimeout(() => this.load(), SOON);
  }

  // -- loading

  async load() {
    if (!this.front) return;
    const turn = this.turn += 1, id = ADDRESS.exec(location.hash)?.[1] ?? current.id;
    try {
      this.all = await api.get("projects");
      const project = id ? await api.get(`projects/${id}`) : null;
      if (turn !== this.turn) return;
      if (this.project && this.project.id !== project?.id) await this.notes.leave();
      this.project = project;
      this.draw();
      if (project) await this.fill(project, turn);
    } catch (error) {
      if (turn !== this.turn) return;
      if (api.statusOf(error) !== 404) return failed(error);
      toast("That project does not exist, or you are not on it.", { bad: true });
      this.project = null;
      setAddress("project", "replace");
      this.draw();
    }
  }

  /**
   * Load what the page shows besides the project itself.
   * @param {ProjectDetail} project
   * @param {number} turn
   */
  async fill(project, turn) {
    const [script, runs, ...pages] = await Promise.all([
      project.script && api.get(`projects/${project.id}/script`).catch((error) => ({ .../** @type {PinnedScript} */ (project.script), text: api.messageOf(error) })),
      api.get("recipe-runs"),
      ...fileKinds.map(([kind]) => api.assets({ project_id: project.id, kind, limit: SHOWN })),
    ]);
    if (turn !== this.turn) return;
    this.files = Object.fromEntries(fileKinds.map(([kind], at) => [kind, pages[at].assets]));
    this.script(script);
    const sections = fileSections(project, this.files);
    renderChanged(this.part(".project-files"), sections.length ? html`${sections}` : html`<p class="bare">Nothing here yet. ${
      current.id === project.id ? "What you make now is kept in this project." : "Make it the current project, then what you make is kept here."}</p>`);
    this.runs(runs.filter((run) => run.project_id === project.id));
  }

  // -- display

  draw() {
    const { project } = this;
    this.part(".project-columns").hidden = !project;
    this.head(project);
    this.list();
    if (!project) return;
    this.notes.show(project);
    this.people.show(project);
    this.cast(project.cast);
  }

  /** @param {ProjectDetail | null} project */
  head(project) {
    const title = project?.mine
      ? html`<h2 class="visually-hidden" id="project-title">${project.name}</h2><input class="title" name="project-name" maxlength="80" value="${project.name}" aria-label="Name of the project">`
      : html`<h2 id="project-title" dir="auto">${project?.name ?? "Projects"}</h2>`;
    renderChanged(this.part(".project-head"), html`${title}${project?.archived && html`<span class="badges"><i>Archived</i></span>`}
      ${project && html`<div class="steps">
        ${project.id === current.id ? html`<span class="is-current">${icon("check")}Current project</span>`
          : !project.archived && html`<button type="button" class="step first" data-do="current">Make current</button>`}
        ${project.mine && (project.archived ? html`<button type="button" class="step first" data-do="restore">Restore from archive</button>`
          : html`<button type="button" class="step" data-do="archive">Archive</button>`)}</div>`}`);
  }

  /** @param {PinnedScript | null} script */
  script(script) {
    const section = this.part(".project-script");
    section.hidden = !script;
    if (!script) return;
    find(section, ".bare").textContent = `${script.title} · by ${script.owner}`;
    renderChanged(find(section, ".steps"), html`${script.conversation_id
      ? html`<a class="step first" href="#writing/${script.conversation_id}">${icon("pen")}Open in Writing</a>`
      : html`<button type="button" class="step first" data-do="write">${icon("pen")}Use in Writing</button>
        <a class="step" href="#library?asset=${script.asset_id}">${icon("document")}Open file</a>`}
      <button type="button" class="step" data-do="unpin">${icon("x")}Unpin</button>`);
    const text = find(section, ".written");
    text.classList.toggle("plain", script.kind === "document");
    if (script.kind === "document") {
      this.markdown = null;
      text.textContent = script.text;
    } else {
      if (!this.markdown) { text.textContent = ""; this.markdown = new MarkdownView(text); }
      this.markdown.set(script.text);
    }
  }

  /** @param {CastView[]} members */
  cast(members) {
    const section = this.part(".project-cast");
    section.hidden = !members.length;
    renderChanged(section, html`<h3>Cast</h3><ul class="project-members">${members.map((one) => html`<li><a href="#cast?member=${one.id}">
      <span class="face">${one.pictures[0]?.has_thumb ? html`<img src="${api.thumbOf(one.pictures[0].asset)}" alt="" loading="lazy">` : icon("person")}</span>@${one.name}</a></li>`)}</ul>`);
  }

  /** @param {RunView[]} runs */
  runs(runs) {
    const section = this.part(".project-runs");
    section.hidden = !runs.length;
    renderChanged(section, html`<h3>Your recipe runs</h3><ul class="project-links">${runs.slice(0, 8).map((run) => html`<li><a href="#image/recipes?run=${run.id}">
      <b dir="auto">${run.name}</b><small>${run.words} · ${formatDate(run.updated_at)}</small></a></li>`)}</ul>`);
  }

  list() {
    const others = this.all.filter((one) => one.id !== this.project?.id);
    /** @param {ProjectView} one */
    const row = (one) => html`<li><a href="#project=${one.id}"><b dir="auto">${one.name}</b><small>${capitalize(audience(one))}</small></a></li>`;
    const [active, archived] = [others.filter((one) => !one.archived), others.filter((one) => one.archived)];
    renderChanged(this.part(".project-all"), html`${active.length > 0 && html`<h3>${this.project ? "Other projects" : "Open a project"}</h3><ul class="project-links">${active.map(row)}</ul>`}
      ${archived.length > 0 && html`<details><summary>Archived projects (${archived.length})</summary><ul class="project-links">${archived.map(row)}</ul></details>`}
      ${!others.length && !this.project && html`<p class="bare">There is no project yet. Create one in the project menu of the top bar.</p>`}`);
  }

  // -- changes

  /**
   * Save changes and show them. Resolves to whether it worked.
   * @param {Values} values
   * @param {string} [said]
   */
  async change(values, said) {
    const { project } = this;
    if (!project) return false;
    try {
      const changed = await api.patch(`projects/${project.id}`, values);
      if (this.project?.id === changed.id) this.project = changed;
      if (said) toast(said);
      if ("name" in values || "archived" in values || "shared" in values) emit("projects");
      this.load();
      return true;
    } catch (error) {
      failed(error);
      render(this.part(".project-people"), ""); // restore the old values
      this.load();
      return false;
    }
  }

  /** @param {HTMLInputElement} field */
  async rename(field) {
    const name = field.value.trim();
    if (!name || !await this.change({ name })) field.value = this.project?.name ?? "";
  }

  /** @param {boolean} archived */
  async archive(archived) {
    await this.notes.leave();
    if (!await this.change({ archived })) return;
    toast(archived ? "Archived. It keeps everything, and you can open it here." : "Restored.",
      archived ? { act: { label: "Undo", run: () => this.archive(false) } } : undefined);
  }

  async unpin() {
    const script = this.project?.script;
    if (!script) return;
    const pin = script.message_id ? { message_id: script.message_id } : { asset_id: script.asset_id };
    if (await this.change({ script: null })) toast("Unpinned.", { act: { label: "Undo", run: () => this.change({ script: pin }) } });
  }

  async makeCurrent() {
    try {
      await api.post("projects/in-hand", { project_id: this.project?.id });
      emit("projects");
    } catch (error) { failed(error); }
  }

  /** Attach the script's document to a message in Writing. */
  async write() {
    const id = this.project?.script?.asset_id;
    try { if (id) emit("use", { asset: await api.asset(id), task: "write" }); } catch (error) { failed(error); }
  }
}
