import assert from "node:assert/strict";
import { test } from "node:test";
import { addWord } from "../../../assets/js/form/add-word.js";

/** @type {import("../../../assets/js/types/page.js").WordGroup[]} */
const groups = [
  { name: "Things", role: "thing", words: ["house", "tree", "car"] },
  { name: "Colors", role: "adjective", words: ["red", "orange"] },
  { name: "Places", role: "phrase", words: ["by the sea"] },
  { name: "Look", role: "opening", words: ["a watercolor of"] },
];

/**
 * The prompt after pressing these words one after the other.
 * @param {...string} pressed
 */
const press = (...pressed) => pressed.reduce((prompt, word) => {
  const group = /** @type {typeof groups[number]} */ (groups.find(({ words }) => words.includes(word)));
  return addWord(prompt, word, group.role, groups);
}, "");

test("pressed words make a sentence", () => {
  assert.equal(press("house"), "a house");
  assert.equal(press("red", "house"), "a red house");
  assert.equal(press("house", "red"), "a red house");
  assert.equal(press("house", "orange"), "an orange house");
  assert.equal(press("house", "by the sea", "red"), "a red house by the sea");
  assert.equal(press("house", "tree", "red"), "a house and a red tree");
  assert.equal(press("house", "a watercolor of"), "a watercolor of a house");
  assert.equal(press("a watercolor of", "car"), "a watercolor of a car");
  assert.equal(press("a watercolor of", "red", "car"), "a watercolor of a red car");
  assert.equal(press("by the sea"), "by the sea");
});

test("what was typed stays", () => {
  assert.equal(addWord("A house.", "by the sea", "phrase", groups), "A house by the sea");
  assert.equal(addWord("A fox runs.", "the camera pans left", "clause", groups), "A fox runs, the camera pans left");
  assert.equal(addWord("", "static camera", "clause", groups), "static camera");
  assert.equal(addWord("A house", "orange", "adjective", groups), "An orange house");
  assert.equal(addWord("my dog and the", "house", "thing", groups), "my dog and the house");
  assert.equal(addWord("My dog", "a watercolor of", "opening", groups), "a watercolor of my dog");
});
