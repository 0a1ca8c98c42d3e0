import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeHtml, html } from "../../../assets/js/core/dom.js";

test("values in a template are escaped, in text and in attributes", () => {
  assert.equal(String(html`<b title="${'"><script>'}">${"<i>&'"}</b>`), '<b title="&#34;&#62;&#60;script&#62;">&#60;i&#62;&#38;&#39;</b>');
  assert.equal(escapeHtml(null), "");
});

test("markup inside markup stays markup, including in lists", () => {
  assert.equal(String(html`<ul>${["a", "<b>"].map((one) => html`<li>${one}</li>`)}</ul>`), "<ul><li>a</li><li>&#60;b&#62;</li></ul>");
});

test("false, null and undefined render nothing; 0 and the empty string render as they are", () => {
  assert.equal(String(html`[${false}${null}${undefined}${0}${""}]`), "[0]");
});
