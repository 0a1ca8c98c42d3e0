// Studio: people, the browsers they are signed in with, their tokens for scripts.

import * as api from "./api.js";
import { html, icon } from "./dom.js";
import { toast } from "./toast.js";
import { when } from "./words.js";

export const count = (many, word) => `${many} ${word}${many === 1 ? "" : "s"}`;

const roles = { owner: "Owner", member: "Member", guest: "Guest" };

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** A time within the next day: today 14:05, tomorrow 9:30 */
const until = (epoch) => {
  const date = new Date(epoch * 1000);
  return `${date.getDate() === new Date().getDate() ? "today" : "tomorrow"} ${hour.format(date)}`;
};

const state = (one) => one.disabled ? "kept out" : one.invited && !one.linked ? (one.link_until ? `link good until ${until(one.link_until)}` : "has not signed in, and has no link") : "";

const about = (one) => [
  one.seen_at ? `last here ${when(one.seen_at)}` : "never here yet",
  one.browsers ? count(one.browsers, "browser") : "",
  one.tokens ? count(one.tokens, "token") : "",
  one.email ?? "",
].filter(Boolean).join(" · ");

const act = (name, id, words, quiet = false) =>
  html`<button type="button" class="step${quiet && " quiet-step"}" data-do="${name}" data-id="${id}">${words}</button>`;

export const list = (people, page) => html`<ul class="lines">${people.map((one) => html`<li class="${one.disabled && "off"}">
  <details><summary><span class="who"><b>${one.name}</b>${one.id === page.me.id && html`<em>you</em>`}
    <em class="role">${roles[one.role]}</em>${state(one) && html`<em class="state">${state(one)}</em>`}<small>${about(one)}</small></span>
    <span class="more">Manage</span></summary>
    <div class="acts" role="group" aria-label="${one.name}">
      ${!one.disabled && act("relink", one.id, one.invited ? "Make a new link" : "Forgotten password")}
      ${one.browsers + one.tokens > 0 && act("out", one.id, "Sign out everywhere")}
      ${act("role", one.id, one.role === "owner" ? "Make a member" : "Make an owner")}
      ${act("email", one.id, one.email ? "Change e-mail" : "Note e-mail")}
      ${act("keep", one.id, one.disabled ? "Let in again" : "Keep out", !one.disabled)}
    </div></details></li>`)}</ul>
  <button type="button" class="step first" data-do="add">${icon("plus")}Add a person</button>`;

export const devices = (found) => html`<ul class="lines">${found.map((one) => html`<li><span class="who"><b>${one.owner}</b>
  ${one.here && html`<em>this browser</em>`}<small>${one.device}${one.address && ` · from ${one.address}`} · last used ${when(one.seen_at)}</small></span>
  <button type="button" class="step" data-do="end" data-id="${one.id}" aria-label="Sign out ${one.owner}, ${one.device}">Sign out</button></li>`)}</ul>`;

export const tokens = (found) => found.length ? html`<ul class="lines">${found.map((one) => html`<li><span class="who"><b>${one.name}</b>
  <small>${one.owner} · ${one.used_at ? `last used ${when(one.used_at)}` : "never used"}</small></span>
  <button type="button" class="step" data-do="revoke" data-id="${one.id}" aria-label="Revoke ${one.owner}'s ${one.name}">Revoke</button></li>`)}</ul>`
  : html`<p class="bare">Nobody has a token. Everybody makes their own, for scripts, under Menu → Account.</p>`;

// -- dialogs

const head = (title) => html`<header><h2 id="studio-dialog-title">${title}</h2>
  <button type="button" class="quiet" data-do="close" aria-label="Close">${icon("x")}</button></header>`;

const adding = html`${head("Add a person")}<form data-form="add">
  <label>Name<input name="name" maxlength="40" autocomplete="off" spellcheck="false" required autofocus></label>
  <fieldset class="two"><legend>What may they do?</legend>
    <label><input type="radio" name="role" value="member" checked><span><b>Member</b><small>Makes and keeps everything.</small></span></label>
    <label><input type="radio" name="role" value="owner"><span><b>Owner</b><small>Also looks after the studio.</small></span></label></fieldset>
  <p class="wrong" role="alert"></p><button type="submit" class="go">Make a sign-in link</button></form>`;

const linked = (link) => html`${head(`${link.name} can come in`)}
  <div class="link"><div class="code"></div>
  <p>Let ${link.name} scan this with a phone, or send them the address. ${link.words}</p>
  <div class="copied"><label class="visually-hidden" for="studio-link">Sign-in link</label><input id="studio-link" value="${link.url}" readonly>
  <button type="button" class="step first" data-do="copy" data-text="${link.url}">Copy</button>
  ${Boolean(navigator.share) && html`<button type="button" class="step" data-do="share" data-text="${link.url}">Send</button>`}</div>
  ${link.note && html`<p class="note">${link.note}</p>`}
  <button type="button" class="step" data-do="close">Done</button></div>`;

const asking = (title, words, one, go) => html`${head(title)}<form data-form="${go.form}" data-id="${one.id}">
  <p>${words}</p>
  ${go.tokens && one.tokens > 0 && html`<label class="tick"><input type="checkbox" name="tokens" checked> Also revoke their ${one.tokens === 1 ? "token" : `${one.tokens} tokens`} for scripts</label>`}
  ${go.email && html`<label>E-mail<input name="email" type="email" maxlength="200" value="${one.email ?? ""}" autocomplete="off"></label>`}
  <p class="wrong" role="alert"></p><div class="row"><button type="submit" class="step first">${go.words}</button>
  <button type="button" class="step" data-do="close">Leave it</button></div></form>`;

const all = ["studio/people", "studio/devices", "studio/tokens"];

/** What the buttons of these sections do. */
export function actions(page) {
  const person = (target) => page.told["studio/people"].find((one) => one.id === target.dataset.id);
  const show = (link) => {
    page.open(linked(link));
    page.dialog.querySelector(".code").innerHTML = link.qr; // drawn by the studio, nobody's words in it
    page.dialog.querySelector("#studio-link").select(); // open() put the focus on it
  };
  const change = (target, body, words) =>
    page.act(target, () => api.post(`studio/people/${target.dataset.id}`, body), ...all).then((done) => {
      if (done) { page.dialog.close(); toast(words); }
    });
  page.dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target, button = form.querySelector("[type=submit]"), tokens = Boolean(form.tokens?.checked);
    const to = `studio/people/${form.dataset.id}`;
    button.dataset.id = form.dataset.id;
    const does = {
      add: () => page.act(button, () => api.post("studio/people", { name: form.name.value, role: form.role.value }), "studio/people").then((link) => link && show(link)),
      relink: () => page.act(button, () => api.post(`${to}/link`, { tokens }), ...all).then((link) => link && show(link)),
      out: () => page.act(button, () => api.post(`${to}/sign-out`, { tokens }), ...all).then((done) => { if (done) { page.dialog.close(); toast("They are signed out everywhere."); } }),
      keep: () => change(button, { disabled: true }, "They are kept out."),
      email: () => change(button, { email: form.email.value.trim() }, "Noted."),
    };
    does[form.dataset.form]();
  });
  return {
    add: () => page.open(adding),
    relink: (target) => {
      const one = person(target);
      page.open(asking(`A new link for ${one.name}`, one.invited ? "The link they had stops working."
        : "They are signed out everywhere and choose a new password with the link. What they made stays.", one, { form: "relink", tokens: true, words: "Make the link" }));
    },
    out: (target) => {
      const one = person(target);
      page.open(asking(`Sign ${one.name} out everywhere`, "Every browser of theirs has to sign in again, with the password they have.", one, { form: "out", tokens: true, words: "Sign out" }));
    },
    keep: (target) => {
      const one = person(target);
      if (one.disabled) return void change(target, { disabled: false }, `${one.name} may come in again.`);
      page.open(asking(`Keep ${one.name} out`, "They are signed out, their links and tokens stop working. What runs for them now goes to its end and is kept; "
        + "what waits is not begun. Their work stays, and you can let them in again.", one, { form: "keep", words: "Keep out" }));
    },
    email: (target) => {
      const one = person(target);
      page.open(asking(`${one.name}'s e-mail`, "With it they can sign in through your identity provider, where one is set up. Leave it empty to remove it.", one, { form: "email", email: true, words: "Save" }));
    },
    role: (target) => {
      const one = person(target), owner = one.role === "owner";
      change(target, { role: owner ? "member" : "owner" }, `${one.name} is ${owner ? "a member" : "an owner"} now.`);
    },
    end: (target) => page.act(target, () => api.remove(`studio/devices/${target.dataset.id}`), ...all).then((done) => done && toast("Signed out.")),
    revoke: (target) => page.act(target, () => api.remove(`studio/tokens/${target.dataset.id}`), ...all).then((done) => done && toast("The token is revoked.")),
  };
}
