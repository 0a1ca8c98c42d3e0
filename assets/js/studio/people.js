// Studio page: people, their signed-in browsers, their access tokens.

import * as api from "../core/api.js";
import { dataOf, fieldsOf, find, formOf, html } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { icon } from "../core/icons.js";
import { toast } from "../core/toast.js";

/**
 * @import { SignInView, NewLink, OwnedToken, PersonView } from "../types/api.js"
 * @import { Values } from "../types/page.js"
 * @import { SectionRoute, StudioPage } from "./page.js"
 */

/**
 * @param {number} many
 * @param {string} word
 */
export const count = (many, word) => `${many} ${word}${many === 1 ? "" : "s"}`;

const roles = { owner: "Owner", member: "Member", guest: "Guest" };

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/**
 * A time within the next day: today 14:05, tomorrow 9:30
 * @param {number} epoch
 */
const until = (epoch) => {
  const date = new Date(epoch * 1000);
  return `${date.getDate() === new Date().getDate() ? "today" : "tomorrow"} ${hour.format(date)}`;
};

/** @param {PersonView} one */
const state = (one) => one.disabled ? "sign-in blocked" : one.invited && !one.linked ? (one.link_until ? `link valid until ${until(one.link_until)}` : "has not signed in, and has no link") : "";

/** @param {PersonView} one */
const about = (one) => [
  one.seen_at ? `last seen ${formatDate(one.seen_at)}` : "never signed in",
  one.browsers ? count(one.browsers, "browser") : "",
  one.tokens ? count(one.tokens, "token") : "",
  one.email ?? "",
].filter(Boolean).join(" · ");

/**
 * @param {string} name
 * @param {string} id
 * @param {string} words
 */
const act = (name, id, words, quiet = false) =>
  html`<button type="button" class="step${quiet && " quiet-step"}" data-do="${name}" data-id="${id}">${words}</button>`;

/**
 * @param {PersonView[]} people
 * @param {StudioPage} page
 */
export const list = (people, page) => html`<ul class="lines">${people.map((one) => html`<li class="${one.disabled && "off"}">
  <details><summary><span class="who"><b>${one.name}</b>${one.id === page.me.id && html`<em>you</em>`}
    <em class="role">${roles[one.role]}</em>${state(one) && html`<em class="state">${state(one)}</em>`}<small>${about(one)}</small></span>
    <span class="more">Manage</span></summary>
    <div class="acts" role="group" aria-label="${one.name}">
      ${!one.disabled && act("relink", one.id, one.invited ? "Make a new link" : "Reset password")}
      ${one.browsers + one.tokens > 0 && act("out", one.id, "Sign out everywhere")}
      ${act("role", one.id, one.role === "owner" ? "Make a member" : "Make an owner")}
      ${act("email", one.id, one.email ? "Change email" : "Add email")}
      ${act("keep", one.id, one.disabled ? "Allow sign-in" : "Block sign-in", !one.disabled)}
    </div></details></li>`)}</ul>
  <button type="button" class="step first" data-do="add">${icon("plus")}Add a person</button>`;

/** @param {SignInView[]} found */
export const devices = (found) => html`<ul class="lines">${found.map((one) => html`<li><span class="who"><b>${one.owner}</b>
  ${one.here && html`<em>this browser</em>`}<small>${one.device}${one.address && ` · from ${one.address}`} · last used ${formatDate(one.seen_at)}</small></span>
  <button type="button" class="step" data-do="end" data-id="${one.id}" aria-label="Sign out ${one.owner}, ${one.device}">Sign out</button></li>`)}</ul>`;

/** @param {OwnedToken[]} found */
export const tokens = (found) => found.length ? html`<ul class="lines">${found.map((one) => html`<li><span class="who"><b>${one.name}</b>
  <small>${one.owner} · ${one.used_at ? `last used ${formatDate(one.used_at)}` : "never used"}</small></span>
  <button type="button" class="step" data-do="revoke" data-id="${one.id}" aria-label="Revoke ${one.owner}'s ${one.name}">Revoke</button></li>`)}</ul>`
  : html`<p class="bare">No tokens yet. Everyone creates their own, for scripts, under Menu → Account.</p>`;

// -- dialogs

/** @param {string} title */
const head = (title) => html`<header><h2 id="studio-dialog-title">${title}</h2>
  <button type="button" class="quiet" data-do="close" aria-label="Close">${icon("x")}</button></header>`;

const adding = html`${head("Add a person")}<form data-form="add">
  <label>Name<input name="name" maxlength="40" autocomplete="off" spellcheck="false" required autofocus></label>
  <fieldset class="two"><legend>Role</legend>
    <label><input type="radio" name="role" value="member" checked><span><b>Member</b><small>Uses the studio.</small></span></label>
    <label><input type="radio" name="role" value="owner"><span><b>Owner</b><small>Also manages the studio.</small></span></label></fieldset>
  <p class="wrong" role="alert"></p><button type="submit" class="go">Create invite link</button></form>`;

/** @param {NewLink} link */
const linked = (link) => html`${head(`${link.name} can sign in`)}
  <div class="link"><div class="code"></div>
  <p>Let ${link.name} scan this code with a phone, or send them the link. ${link.words}</p>
  <div class="copied"><label class="visually-hidden" for="studio-link">Sign-in link</label><input id="studio-link" value="${link.url}" readonly>
  <button type="button" class="step first" data-do="copy" data-text="${link.url}">Copy</button>
  ${Boolean(navigator.share) && html`<button type="button" class="step" data-do="share" data-text="${link.url}">Share</button>`}</div>
  ${link.note && html`<p class="note">${link.note}</p>`}
  <button type="button" class="step" data-do="close">Done</button></div>`;

/**
 * @param {string} title
 * @param {string} words
 * @param {PersonView} one
 * @param {{ form: string, words: string, tokens?: boolean, email?: boolean }} go
 */
const asking = (title, words, one, go) => html`${head(title)}<form data-form="${go.form}" data-id="${one.id}">
  <p>${words}</p>
  ${go.tokens && one.tokens > 0 && html`<label class="tick"><input type="checkbox" name="tokens" checked> Also revoke their ${one.tokens === 1 ? "token" : `${one.tokens} tokens`} for scripts</label>`}
  ${go.email && html`<label>Email<input name="email" type="email" maxlength="200" value="${one.email ?? ""}" autocomplete="off"></label>`}
  <p class="wrong" role="alert"></p><div class="row"><button type="submit" class="step first">${go.words}</button>
  <button type="button" class="step" data-do="close">Cancel</button></div></form>`;

/** @type {SectionRoute[]} */
const all = ["studio/people", "studio/devices", "studio/tokens"];

/**
 * The button handlers of these sections.
 * @param {StudioPage} page
 */
export function actions(page) {
  /** @param {HTMLElement} target */
  const person = (target) => /** @type {PersonView} */ (page.answers["studio/people"].find((/** @type {PersonView} */ one) => one.id === dataOf(target).id));
  /** @param {NewLink} link */
  const show = (link) => {
    page.open(linked(link));
    find(page.dialog, ".code").innerHTML = link.qr; // rendered by the studio, without text from people
    find(page.dialog, "#studio-link", HTMLInputElement).select(); // open() put the focus on it
  };
  /**
   * @param {HTMLButtonElement} target
   * @param {Values} body
   * @param {string} words
   */
  const change = (target, body, words) =>
    page.act(target, () => api.post(`studio/people/${dataOf(target).id}`, body), ...all).then((done) => {
      if (done) { page.dialog.close(); toast(words); }
    });
  page.dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = formOf(event), fields = fieldsOf(form), button = find(form, "[type=submit]", HTMLButtonElement), revoke = Boolean(fields.tokens?.checked);
    const { id } = dataOf(form);
    button.dataset.id = id;
    /** @type {Record<string, () => Promise<unknown>>} */
    const sends = {
      add: () => page.act(button, () => api.post("studio/people", { name: fields.name.value, role: fields.role.value }), "studio/people").then((link) => typeof link === "object" && show(link)),
      relink: () => page.act(button, () => api.post(`studio/people/${id}/link`, { tokens: revoke }), ...all).then((link) => typeof link === "object" && show(link)),
      out: () => page.act(button, () => api.post(`studio/people/${id}/sign-out`, { tokens: revoke }), ...all).then((done) => { if (done) { page.dialog.close(); toast("They are signed out everywhere."); } }),
      keep: () => change(button, { disabled: true }, "They can no longer sign in."),
      email: () => change(button, { email: fields.email.value.trim() }, "Email saved."),
    };
    sends[dataOf(form).form]();
  });
  /** @type {Record<string, (target: HTMLButtonElement) => unknown>} */
  const does = {
    add: () => page.open(adding),
    relink: (target) => {
      const one = person(target);
      page.open(asking(`A new link for ${one.name}`, one.invited ? "Their current link stops working."
        : "They are signed out everywhere and choose a new password with the link. Their work stays.", one, { form: "relink", tokens: true, words: "Create link" }));
    },
    out: (target) => {
      const one = person(target);
      page.open(asking(`Sign ${one.name} out everywhere`, "They have to sign in again in every browser, with their current password.", one, { form: "out", tokens: true, words: "Sign out" }));
    },
    keep: (target) => {
      const one = person(target);
      if (one.disabled) return void change(target, { disabled: false }, `${one.name} can sign in again.`);
      page.open(asking(`Block sign-in for ${one.name}`, "They are signed out, and their links and tokens stop working. Their running and waiting "
        + "jobs are canceled. Their work stays, and you can allow sign-in again.", one, { form: "keep", words: "Block sign-in" }));
    },
    email: (target) => {
      const one = person(target);
      page.open(asking(`${one.name}'s email`, "They can use it to sign in through your identity provider, if one is set up. Leave it empty to remove it.", one, { form: "email", email: true, words: "Save" }));
    },
    role: (target) => {
      const one = person(target), owner = one.role === "owner";
      change(target, { role: owner ? "member" : "owner" }, `${one.name} is ${owner ? "a member" : "an owner"} now.`);
    },
    end: (target) => page.act(target, () => api.remove(`studio/devices/${dataOf(target).id}`), ...all).then((done) => done && toast("Signed out.")),
    revoke: (target) => page.act(target, () => api.remove(`studio/tokens/${dataOf(target).id}`), ...all).then((done) => done && toast("Token revoked.")),
  };
  return does;
}
