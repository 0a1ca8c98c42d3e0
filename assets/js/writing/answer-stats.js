// Statistics of an answer.

/** @import { JobView, MessageView } from "../types/api.js" */

/**
 * A short summary, and the details.
 * @param {(MessageView | JobView)["facts"]} facts
 */
export const answerStats = ({ tokens, tokens_per_second: pace, first_token_seconds: first, prompt_tokens: read, context, silent_seconds: silent, finish }) => ({
  short: [tokens && `${tokens} tokens`, pace && `${pace >= 10 ? Math.round(pace) : pace.toFixed(1)} tokens/s`,
    silent && `no output for ${silent} s`, finish === "repetition" && "Stopped: it began to repeat itself."].filter(Boolean).join(" · "),
  long: [read && `${read} prompt tokens`, first && `first word after ${first.toFixed(1)} s`, context && `context of ${context} tokens`]
    .filter(Boolean).join(", "),
});
