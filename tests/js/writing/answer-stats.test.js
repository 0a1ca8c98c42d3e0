import assert from "node:assert/strict";
import { test } from "node:test";
import { answerStats } from "../../../assets/js/writing/answer-stats.js";

test("the summary has tokens and speed, the details the rest", () => {
  assert.deepEqual(answerStats({ tokens: 120, tokens_per_second: 8.26, first_token_seconds: 1.5, prompt_tokens: 900, context: 8192 }),
    { short: "120 tokens · 8.3 tokens/s", long: "900 prompt tokens, first word after 1.5 s, context of 8192 tokens" });
  assert.equal(answerStats({ tokens_per_second: 42.4 }).short, "42 tokens/s");
});

test("an answer that was stopped because it repeated itself says so", () => {
  assert.equal(answerStats({ tokens: 300, finish: "repetition" }).short, "300 tokens · Stopped: it began to repeat itself.");
  assert.equal(answerStats({ tokens: 300, finish: "stop" }).short, "300 tokens");
});

test("unknown values are left out", () => {
  assert.deepEqual(answerStats({}), { short: "", long: "" });
});
