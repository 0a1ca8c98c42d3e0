import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, addressOfAll } from "../../../assets/js/shell/addresses.js";
import { parseAddress } from "../../../assets/js/library/filter-query.js";

test("each kind of result has its page", () => {
  assert.equal(addressOf({ kind: "project", id: "a1" }), "project=a1");
  assert.equal(addressOf({ kind: "conversation", id: "a1" }), "writing/a1");
  assert.equal(addressOf({ kind: "cast", id: "a1" }), "cast?member=a1");
  assert.equal(addressOf({ kind: "recipe", id: "film-look" }), "image/recipes?recipe=film-look");
  for (const kind of /** @type {const} */ (["image", "clip", "sound", "lora", "document"])) assert.equal(addressOf({ kind, id: "a1" }), "library?asset=a1");
});

test("all files that match open in the library, with the same words", () => {
  assert.equal(addressOfAll("conversation", "boat"), null);
  assert.deepEqual(parseAddress(`#${addressOfAll("clip", "24 fps & more")}`), { values: { q: "24 fps & more", kind: "clip" }, asset: null });
});
