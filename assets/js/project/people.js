// Who sees a project; its owner adds and removes people here.

import { fieldOf, findAll, html, renderChanged } from "../core/dom.js";

/**
 * @import { ProjectDetail } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 */

/** @param {ProjectDetail} project */
const names = ({ people }) => html`<ul class="people-list">${people.map((one) => html`<li><b>${one.name}</b>${one.owner && html` <small>owner</small>`}</li>`)}</ul>`;

/** @param {ProjectDetail} project */
const choices = ({ people, others, shared }) => {
  const whole = people.length + others.length === 2 ? "Both of us" : "Everyone in the studio";
  const seen = people.filter((one) => !one.owner);
  return html`<fieldset class="choice"><legend class="visually-hidden">Who sees it?</legend>
      <label><input type="radio" name="project-shared" value="yes" ${shared ? "checked" : ""}><span>${whole}</span></label>
      <label><input type="radio" name="project-shared" value="no" ${shared ? "" : "checked"}><span>Only people I add</span></label></fieldset>
    ${!shared && html`<ul class="people-list">${[...seen, ...others].map((one) => html`<li><label><input type="checkbox" name="project-person" value="${one.id}" ${one.added ? "checked" : ""}> ${one.name}</label></li>`)}</ul>
      ${!seen.length && !others.length && html`<p class="bare">There is nobody else in the studio.</p>`}`}
    ${shared && others.length > 0 && html`<p class="bare">Guests only see it if you add them.</p>
      <ul class="people-list">${[...seen.filter((one) => one.added), ...others].map((one) => html`<li><label><input type="checkbox" name="project-person" value="${one.id}" ${one.added ? "checked" : ""}> ${one.name}</label></li>`)}</ul>`}`;
};

export class ProjectPeople {
  /**
   * ``change(values)`` saves changes to the project.
   * @param {HTMLElement} root
   * @param {(values: Values) => void} change
   */
  constructor(root, change) {
    this.root = root;
    root.addEventListener("change", (event) => {
      if (fieldOf(event).name === "project-shared") change({ shared: fieldOf(event).value === "yes" });
      else change({ people: this.added });
    });
  }

  get added() { return findAll(this.root, "[name=project-person]:checked", HTMLInputElement).map((one) => one.value); }

  /** @param {ProjectDetail} project */
  show(project) {
    renderChanged(this.root, html`<h3>People</h3>${project.mine ? choices(project) : html`<p class="bare">${project.owner} decides who sees this project.</p>${names(project)}`}`);
  }
}
