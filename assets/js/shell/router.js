// The open tab and task. The address names them (#image/cut_out, #project=<id>), so Back and bookmarks work.

import { closest, fieldOf, findAll, query, whenPresent } from "../core/dom.js";
import { emit, on } from "../core/bus.js";
import { navigate } from "../core/layers.js";
import { medium, mediumOfAsset } from "../core/media.js";
import { toast } from "../core/toast.js";
import { slotFor, slots } from "../form/slot.js";
import { formsRestored, submitBars } from "../form/submit-bar.js";

/**
 * @import { Events } from "../types/events.js"
 * @import { Part } from "../types/page.js"
 */

const menuPages = new Set(["library", "project", "cast", "loras", "models", "studio"]);

/**
 * Whether a tab is a page of the menu, without a stage.
 * @param {string} tab
 */
export const isMenuPage = (tab) => menuPages.has(tab);

/** @type {Map<string, string>} */
const lately = new Map(); // where each tab reopens: #library?kind=clip

const read = () => {
  const [tab, task] = location.hash.slice(1).split(/[?=]/)[0].split("/");
  return { tab, task };
};

/**
 * Set the address of the open tab; ``kept`` is where the tab reopens.
 * @param {string} hash
 * @param {"push" | "replace"} [how]
 * @param {string} [kept]
 */
export function setAddress(hash, how = "push", kept = hash) {
  navigate(`#${hash}`, how);
  lately.set(read().tab, kept);
}

/**
 * Open a tab and one of its tasks. Resolves when its forms exist and have restored their values.
 * @param {string | undefined} tab does nothing if undefined
 * @param {string} [task]
 */
export async function openTab(tab, task = "") {
  if (!tab) return;
  const hash = `#${task ? `${tab}/${task}` : lately.get(tab) ?? tab}`;
  const before = document.body.dataset.tab;
  if (location.hash !== hash) navigate(hash);
  await settle();
  if (document.body.dataset.tab !== before) scrollTo(0, 0);
  // all of them: they share the input slot
  const tasks = [...new Set([...window.C41.offered, task])].filter((one) => one && medium(one) === tab);
  for (let i = 0; !tasks.every((one) => submitBars.has(one)) && i < 100; i += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  await formsRestored();
}

const nextFrame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });

/**
 * The address names a page that does not exist: say so once.
 * @param {string} name
 * @param {string} instead
 */
function missing(name, instead) {
  navigate(instead, "replace");
  toast(`There is no page “${name}” in this studio.`, { bad: true });
}

/**
 * Move the focus to the page that is open now, if it was on the one that is hidden.
 * @param {string} name
 * @param {Element | null} focused what had the focus before
 */
function keepFocus(name, focused) {
  const page = query(document, `#tab-${name}`);
  if (!page || !focused || focused.checkVisibility() || ![document.body, focused].includes(/** @type {HTMLElement} */ (document.activeElement))) return;
  page.tabIndex = -1;
  page.focus({ preventScroll: true });
}

async function settle() {
  const { tab, task } = read(), { activeElement: focused } = document;
  const named = document.getElementById(`tab-${tab}-button`);
  const button = named ?? query(document, "button[id^=tab-][id$=-button]", HTMLButtonElement);
  if (!button) return;
  if (tab && !named) missing(tab, "#home");
  if (button.getAttribute("aria-selected") !== "true") button.click();
  const name = button.id.replace(/^tab-|-button$/g, ""), before = document.body.dataset.tab;
  document.body.dataset.tab = name;
  emit("tab", name);
  await nextFrame();
  if (before && before !== name) keepFocus(name, focused);
  const bench = query(document, `#bench-${name}`);
  if (!bench) return;
  const choice = task ? query(bench, `.choice input[value="${task}"]`, HTMLInputElement) : null;
  if (choice) choice.checked = true;
  else if (task && query(bench, ".choice")) missing(task, `#${name}`);
  const chosen = query(bench, ".choice input:checked", HTMLInputElement)?.value ?? query(bench, ".submit-bar")?.dataset.task ?? "";
  bench.dataset.task = chosen;
  for (const section of findAll(bench, ".task")) section.hidden = section.id !== `task-${chosen}`;
  submitBars.get(chosen)?.ask();
}

/** The choice of task at the top of a form. */
export class TaskPicker {
  /** @param {Part} part */
  constructor({ element }) {
    element.addEventListener("change", (event) => {
      const tab = closest(element, ".bench").id.replace("bench-", "");
      navigate(`#${tab}/${fieldOf(event).value}`, "replace");
      settle();
    });
    settle();
  }
}

/**
 * The first task of the open tab that takes this kind of asset.
 * @param {{ kind: string }} asset
 */
function taker({ kind }) {
  const bench = query(document, `#bench-${document.body.dataset.tab}`);
  const slot = bench && slots.find((one) => one.kind === kind && one.main && bench.contains(one.element));
  const section = slot && (slot.element.closest(".task") ?? query(bench, ".task:not(.alone)"));
  return section?.id.replace("task-", "");
}

/** @param {Events["use"]} what */
async function use({ asset, task }) {
  if (task === "write") return void await openTab("writing"); // Writing attaches it to the message
  await openTab(task ? medium(task) : mediumOfAsset(asset), task);
  await nextFrame();
  if (!slotFor(asset.kind)) {
    await openTab(mediumOfAsset(asset), taker(asset));
    await nextFrame();
  }
  const slot = slotFor(asset.kind);
  if (!slot) return;
  await slot.set(asset);
  slot.element.scrollIntoView({ block: "center" });
  toast(`“${asset.title}” added to the form.`);
}

/**
 * Put values into the form of a task.
 * @param {Events["fill"]} what
 */
async function fill({ task, values }) {
  await openTab(medium(task), task);
  if (await submitBars.get(task)?.fill({ values })) toast("Added to the form.");
}

/** @param {Events["reuse"]} what */
async function reuse({ asset }) {
  const task = asset.provenance?.request.task;
  await openTab(medium(task), task);
  submitBars.get(task)?.fill({ asset: asset.id });
}

export function start() {
  addEventListener("popstate", settle);
  on("use", use);
  on("reuse", reuse);
  on("fill", fill);
  on("show", ({ job, asset }) => {
    const wanted = job ? medium(job.task) : asset && mediumOfAsset(asset);
    if (wanted && document.body.dataset.tab !== wanted) openTab(wanted);
  });
  whenPresent("button[id^=tab-][id$=-button]", settle);
}
