import assert from "node:assert/strict";
import { test } from "node:test";
import { speakerWords } from "../../../assets/js/audio/speakers.js";

const known = ["Clara", "Ruth", "Arthur"];

test("a text without speakers says nothing", () => {
  assert.equal(speakerWords({ used: [], unknown: [], known }), "");
});

test("the speakers are named, and an unknown one is read as text", () => {
  assert.equal(speakerWords({ used: ["Clara", "Arthur"], unknown: [], known }), "Speakers: Clara and Arthur.");
  assert.equal(speakerWords({ used: [], unknown: ["BOB"], known }), "“BOB:” is read aloud as text. Known speakers: Clara, Ruth, and Arthur.");
  assert.match(speakerWords({ used: ["Clara"], unknown: ["BOB", "EVE"], known }), /^Speakers: Clara\. “BOB:” and “EVE:” are read/);
});
