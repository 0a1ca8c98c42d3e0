import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, modelName, provenanceView } from "../../../assets/js/library/provenance.js";

/** @import { AssetView } from "../../../assets/js/types/api.js" */

const names = {
  tasks: { create_image: { name: "Create", button: "Create", takes: [], fields: { prompt: { label: "Prompt" }, steps: { label: "Steps", unit: "steps" }, quality: { label: "Quality", values: { good: "Good" } } } } },
  models: { klein: "FLUX.2 klein" },
};

/** @param {object} values */
const asset = (values) => /** @type {AssetView} */ ({ bytes: 1000, owner: "Ann", ...values });

test("settings are shown with the labels of the form, without empty values", () => {
  const made = asset({ model: "klein", provenance: { request: { task: "create_image", prompt: "a <red> house", steps: 8, quality: "good", seed: null } } });
  const text = String(provenanceView(made, names));
  for (const part of ["a &#60;red&#62; house", "8 steps", "Good", "FLUX.2 klein"].map((value) => `<dd dir="auto">${value}</dd>`)) assert.ok(text.includes(part), part);
});

test("an upload without recorded settings shows none", () => {
  assert.equal(provenanceView(asset({ provenance: null }), names), false);
});

test("only different values are listed in a comparison", () => {
  const made = (/** @type {number} */ steps) => asset({ provenance: { request: { task: "create_image", prompt: "a house", steps } } });
  assert.deepEqual(differences(made(4), made(8), names), [["Steps", "4 steps", "8 steps"]]);
  assert.deepEqual(differences(made(4), asset({ provenance: null, source: "an archive" }), names).map(([name]) => name), ["What", "Prompt", "Steps", "From"]);
});

test("an unknown model is shown by its id", () => {
  assert.equal(modelName(asset({ model: "gone" }), names), "gone");
});
