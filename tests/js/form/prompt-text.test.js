import assert from "node:assert/strict";
import { test } from "node:test";
import { promptFromAnswer } from "../../../assets/js/form/prompt-text.js";

test("titles, quotation marks and line breaks of an answer are not part of the prompt", () => {
  /** @type {[string, string][]} */
  const cases = [["Prompt: a red house", "a red house"], ["“A red house.”", "A red house."], ["«une maison»", "une maison"],
    ["  a\n\nred   house ", "a red house"], ['Image :  "a house"', "a house"], ["an image: two houses", "an image: two houses"]];
  for (const [answer, prompt] of cases) assert.equal(promptFromAnswer(answer), prompt);
});
