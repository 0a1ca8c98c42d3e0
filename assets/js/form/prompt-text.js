// A language model's answer as a prompt.

/**
 * One paragraph, without title and quotation marks.
 * @param {string} answer
 */
export const promptFromAnswer = (answer) => answer.replace(/\s+/g, " ").trim()
  .replace(/^(?:prompt|picture|image|description)\s*:\s*/i, "").replace(/^["“”'«]+|["“”'»]+$/g, "").trim();
