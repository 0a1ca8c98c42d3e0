// Which tab and which task is in front. The address says it (#image/cut_out), so Back and bookmarks work.

import { on, say } from "./bus.js";
import { feet, recalled } from "./foot.js";
import { visit } from "./layers.js";
import { toast } from "./toast.js";
import { slotFor, slots } from "./slot.js";
import { medium, mediumOfAsset } from "./stage.js";

const lately = new Map(); // where each tab opens again: #library?kind=clip

const read = () => {
  const [tab, task] = location.hash.slice(1).split("?")[0].split("/");
  return { tab, task };
};

/** Let the address say more of the tab in front; ``kept`` is where the tab opens when it is next asked for. */
export function address(hash, how = "push", kept = hash) {
  visit(`#${hash}`, how);
  lately.set(read().tab, kept);
}

/** Bring a tab to the front, and a task of it; resolves when its forms are there, and hold what they held before. */
export async function open(tab, task) {
  const hash = `#${task ? `${tab}/${task}` : lately.get(tab) ?? tab}`;
  const before = document.body.dataset.tab;
  if (location.hash !== hash) visit(hash);
  await settle();
  if (document.body.dataset.tab !== before) scrollTo(0, 0);
  // all of them: they share the place for what is brought in
  const tasks = [...new Set([...window.C41.offered, task])].filter((one) => one && medium(one) === tab);
  for (let i = 0; !tasks.every((one) => feet.has(one)) && i < 100; i += 1) await new Promise((r) => setTimeout(r, 50));
  await recalled();
}

const frame = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));

/** The address names what is not here: say so, once. */
function missing(name, instead) {
  visit(instead, "replace");
  toast(`There is no page “${name}” in this studio.`, { bad: true });
}

async function settle() {
  const { tab, task } = read();
  const named = document.getElementById(`tab-${tab}-button`);
  const button = named ?? document.querySelector("button[id^=tab-][id$=-button]");
  if (!button) return;
  if (tab && !named) missing(tab, "#home");
  if (button.getAttribute("aria-selected") !== "true") button.click();
  const name = button.id.replace(/^tab-|-button$/g, "");
  document.body.dataset.tab = name;
  say("tab", name);
  await frame();
  const bench = document.querySelector(`#bench-${name}`);
  const choice = task && bench?.querySelector(`.choice input[value="${task}"]`);
  if (choice) choice.checked = true;
  else if (task && bench?.querySelector(".choice")) missing(task, `#${name}`);
  if (bench) bench.dataset.task = bench.querySelector(".choice input:checked")?.value ?? bench.querySelector(".foot")?.dataset.task ?? "";
  bench?.querySelectorAll(".task").forEach((section) => {
    section.toggleAttribute("hidden", section.id !== `task-${bench.dataset.task}`);
  });
  feet.get(bench?.dataset.task)?.ask();
}

/** The choice of task at the top of a form. */
export class Choice {
  constructor({ element }) {
    element.addEventListener("change", (event) => {
      const tab = element.closest(".bench").id.replace("bench-", "");
      visit(`#${tab}/${event.target.value}`, "replace");
      settle();
    });
    settle();
  }
}

/** The first task of the tab in front that takes such a thing in. */
function taker({ kind }) {
  const bench = document.querySelector(`#bench-${document.body.dataset.tab}`);
  const slot = slots.find((one) => one.kind === kind && one.main && bench?.contains(one.element));
  const section = slot && (slot.element.closest(".task") ?? bench.querySelector(".task:not(.alone)"));
  return section?.id.replace("task-", "");
}

async function use({ asset, task }) {
  if (task === "write") return void await open("writing"); // it goes with the message there
  await open(task ? medium(task) : mediumOfAsset(asset), task);
  await frame();
  if (!slotFor(asset.kind)) {
    await open(mediumOfAsset(asset), taker(asset));
    await frame();
  }
  const slot = slotFor(asset.kind);
  if (!slot) return;
  await slot.set(asset);
  slot.element.scrollIntoView({ block: "center" });
  toast(`“${asset.title}” is in the form.`);
}

/** Put values into the form of a task. */
async function fill({ task, values }) {
  await open(medium(task), task);
  if (await feet.get(task)?.fill({ values })) toast("It is in the form.");
}

async function reuse({ asset }) {
  const task = asset.provenance.request.task;
  await open(medium(task), task);
  feet.get(task)?.fill({ asset: asset.id });
}

export function start() {
  addEventListener("popstate", settle);
  on("use", use);
  on("reuse", reuse);
  on("fill", fill);
  on("show", ({ job, asset }) => {
    const wanted = job ? medium(job.task) : mediumOfAsset(asset);
    if (wanted && document.body.dataset.tab !== wanted) open(wanted);
  });
  settle();
}
