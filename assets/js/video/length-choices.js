// The available durations of a clip.

/**
 * A duration as text: 2.1 s
 * @param {number} seconds
 */
export const formatLength = (seconds) => `${Number(seconds.toFixed(1))} s`;

/**
 * Value and label of each choice; an empty value is the model's standard duration.
 * @param {{ offered: number[], at_once: number, usual: number }} length in seconds; the model makes longer clips in parts
 * @returns {[value: string, text: string][]}
 */
export const lengthChoices = ({ offered, at_once, usual }) => [
  ["", `Standard (${formatLength(usual)})`],
  ...offered.filter((seconds) => seconds !== usual).map((seconds) => /** @type {[string, string]} */ ([String(seconds), seconds > at_once ? `${formatLength(seconds)}, in parts` : formatLength(seconds)])),
];
