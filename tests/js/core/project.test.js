import assert from "node:assert/strict";
import { test } from "node:test";
import { audience } from "../../../assets/js/core/project.js";

test("a project that other people may be on is never called visible only to you", () => {
  assert.equal(audience(), "visible only to you");
  assert.equal(audience({ shared: true, mine: false }), "visible to everyone in the studio");
  assert.equal(audience({ shared: false, mine: true }), "visible to you and the people you add");
  assert.equal(audience({ shared: false, mine: false }), "visible to the people on it");
});
