import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { AssetStore } from "../../../assets/js/library/store.js";

const COUNT = 2500;

/** @type {string[]} */
let asked = [];

beforeEach(() => {
  asked = [];
  mock.restoreAll();
  mock.method(globalThis, "fetch", async (/** @type {string} */ path) => {
    const url = new URL(path, "http://studio/");
    if (url.pathname === "/api/library/index") {
      return Response.json({ ids: Array.from({ length: COUNT }, (_, i) => `${url.searchParams.get("q")}${i}`), moments: Array.from({ length: COUNT }, (_, i) => COUNT - i) });
    }
    const after = url.searchParams.get("after");
    const first = after === null ? 0 : COUNT - Number(after) + 1;
    asked.push(String(first));
    return Response.json({ assets: Array.from({ length: 100 }, (_, i) => ({ id: `${url.searchParams.get("q")}${first + i}` })), next: null });
  });
});

/**
 * @param {AssetStore} store
 * @param {number} first
 * @param {number} last
 */
async function load(store, first, last) {
  store.need(first, last);
  while (store.loading.size || store.wanted.length) await new Promise((resolve) => { setImmediate(resolve); });
}

test("only visible pages are loaded, each once", async () => {
  const store = new AssetStore(() => {}, assert.ifError);
  await store.find({ q: "a" });
  await load(store, 150, 250);
  await load(store, 150, 250);
  assert.deepEqual(asked, ["100", "200"]);
  assert.equal(store.at(150)?.id, "a150");
  assert.equal(store.at(50), undefined);
  assert.equal(store.place("a150"), 150);
});

test("the least recently used pages are dropped", async () => {
  const store = new AssetStore(() => {}, assert.ifError);
  await store.find({ q: "a" });
  for (let first = 0; first < 1700; first += 100) await load(store, first, first + 100);
  assert.equal(store.at(50), undefined);
  assert.equal(store.at(1650)?.id, "a1650");
  assert.equal(store.known.size, 1600);
});

test("the response to an older search is not shown", async () => {
  const store = new AssetStore(() => {}, assert.ifError);
  const [older, newer] = await Promise.all([store.find({ q: "a" }), store.find({ q: "b" })]);
  assert.deepEqual([older, newer], [false, true]);
  assert.equal(store.ids[0], "b0");
});
