import assert from "node:assert/strict";
import { test } from "node:test";
import { matchingMembers, typedMention } from "../../../assets/js/cast/mention-match.js";

test("the text typed after an @ is found, in any script", () => {
  assert.equal(typedMention("a picture of @Ma"), "Ma");
  assert.equal(typedMention("@"), "");
  assert.equal(typedMention("写真@ゆ"), "ゆ");
  assert.equal(typedMention("(@Zoë-2"), "Zoë-2");
});

test("email addresses, paths and words without an @ are not mentions", () => {
  for (const text of ["ann@film", "a/@b", "Mara", "@Mara waits", `@${"a".repeat(41)}`]) assert.equal(typedMention(text), null, text);
});

test("names that start with the typed text come before names that contain it", () => {
  const cast = ["Tamara", "Mara", "Bob", "MARIO"].map((name) => ({ name }));
  assert.deepEqual(matchingMembers(cast, "mar").map(({ name }) => name), ["Mara", "MARIO", "Tamara"]);
});

test("accents match in composed and decomposed form", () => {
  assert.equal(matchingMembers([{ name: "Zoë" }], "zoe\u0308").length, 1);
});

test("at most eight members are offered", () => {
  assert.equal(matchingMembers(Array.from({ length: 20 }, (_, i) => ({ name: `M${i}` })), "").length, 8);
});
