// Entry point: each part that Python renders names its kind and is mounted by the class for that kind.

import { dataOf, find, findAll, targetOf } from "./core/dom.js";
import { playOneAtATime } from "./audio/one-at-a-time.js";
import { PronunciationsDialog } from "./audio/pronunciations.js";
import { SpeakerLine } from "./audio/speakers.js";
import { VoicePicker } from "./audio/voice-picker.js";
import { CastPage } from "./cast/cast.js";
import { listenForMentions } from "./cast/mentions.js";
import { emit, on } from "./core/bus.js";
import { saveDraftsOnLeave } from "./core/drafts.js";
import { liftDropdowns } from "./core/dropdowns.js";
import { start as follow } from "./core/job-poller.js";
import * as layers from "./core/layers.js";
import { medium } from "./core/media.js";
import * as theme from "./core/theme.js";
import { labelIcons } from "./core/tooltips.js";
import { followModel } from "./form/model-fields.js";
import { ModelPicker } from "./form/model-picker.js";
import { NumberInput } from "./form/number-input.js";
import { PresetPicker } from "./form/presets.js";
import { PromptExpander } from "./form/prompt-expander.js";
import { QualityPicker } from "./form/quality.js";
import { listenForDrops } from "./form/settings-import.js";
import { listenForPastes, Slot } from "./form/slot.js";
import { SlotList } from "./form/slots.js";
import { listenForSubmitShortcut, SubmitBar } from "./form/submit-bar.js";
import { HomePage } from "./home/home.js";
import { MaskEditor } from "./image/mask.js";
import { OutpaintSides } from "./image/sides.js";
import { SizePicker } from "./image/size.js";
import { StylePicker } from "./image/style-picker.js";
import { LibraryPage } from "./library/library.js";
import { LoraEditor } from "./loras/loras.js";
import { LorasPage } from "./loras/page.js";
import { ModelsPage } from "./models/models.js";
import { QueuePanel } from "./queue/panel.js";
import { ProjectPage } from "./project/project.js";
import { RecipesPage } from "./recipes/recipes.js";
import { TopBar } from "./shell/bar.js";
import * as router from "./shell/router.js";
import { listenForShortcuts, showShortcuts } from "./shell/shortcuts.js";
import { Filmstrip } from "./stage/filmstrip.js";
import { Stage } from "./stage/stage.js";
import { StudioPage } from "./studio/page.js";
import { ClipLength } from "./video/clip-length.js";
import { WritingPage } from "./writing/writing.js";

/** @import { Part } from "./types/page.js" */

/** @type {Map<string, Stage>} */
const stages = new Map();

/** @type {Record<string, (at: Part) => void>} */
const parts = {
  bar: (at) => new TopBar(at),
  cast: (at) => new CastPage(at),
  choice: (at) => new router.TaskPicker(at),
  film: (at) => new Filmstrip(at, () => stages.get(dataOf(find(at.element, "[data-medium]")).medium)),
  "submit-bar": (at) => new SubmitBar(at, (task) => stages.get(medium(task) ?? "")),
  home: (at) => new HomePage(at),
  length: (at) => new ClipLength(at),
  library: (at) => new LibraryPage(at),
  loras: (at) => new LoraEditor(at),
  "loras-page": (at) => new LorasPage(at),
  models: (at) => new ModelsPage(at),
  project: (at) => new ProjectPage(at),
  idea: (at) => new PromptExpander(at),
  mask: (at) => new MaskEditor(at),
  model: (at) => new ModelPicker(at),
  number: (at) => new NumberInput(at),
  presets: (at) => new PresetPicker(at),
  recipes: (at) => new RecipesPage(at),
  quality: (at) => new QualityPicker(at),
  sides: (at) => new OutpaintSides(at),
  size: (at) => new SizePicker(at),
  slot: (at) => new Slot(at),
  slots: (at) => new SlotList(at),
  speakers: (at) => new SpeakerLine(at),
  styles: (at) => new StylePicker(at),
  voices: (at) => new VoicePicker(at),
  writing: (at) => new WritingPage(at),
  words: (at) => new PronunciationsDialog(at),
  stage: (at) => { const stage = new Stage(at); stages.set(stage.medium, stage); },
  "studio-page": (at) => new StudioPage(at),
  queue: (at) => {
    new QueuePanel(at);
    find(at.element, ".bottom-bar").addEventListener("click", (event) => {
      const link = /** @type {HTMLElement | null} */ (targetOf(event).closest("[data-link]"))?.dataset.link;
      if (!link) return;
      event.preventDefault();
      if (link === "queue") return void emit("queue");
      router.openTab(link === "library" ? "library" : lastMade);
    });
  },
};

let lastMade = "home";
on("tab", (name) => { if (!router.isMenuPage(name)) lastMade = name; });

const frame = new Set(["bar", "queue"]); // around every tab; they show what the poller reports

/**
 * Press what was pressed in a part before it had started (tabs/loading/start.js).
 * @param {HTMLElement} element
 */
function replay(element) {
  element.dataset.started = "yes";
  for (const button of findAll(element, "[data-pressed]")) {
    delete button.dataset.pressed;
    button.removeAttribute("aria-busy");
    button.click();
  }
}

/**
 * @param {string} kind
 * @param {Part} at
 */
const mount = (kind, at) => {
  try { parts[kind](at); } catch (error) { console.error(`The part ${kind} did not start:`, error); }
  setTimeout(() => replay(at.element)); // once the parts that waited with it have started
  if (frame.delete(kind) && !frame.size) follow();
};

theme.start();
saveDraftsOnLeave();
layers.start();
liftDropdowns();
playOneAtATime();
labelIcons();
followModel();
const waiting = window.C41.queue;
window.C41.mount = mount;
for (const [kind, at] of waiting) mount(kind, at);
router.start();
listenForPastes();
listenForDrops();
listenForSubmitShortcut();
listenForShortcuts();
on("shortcuts", showShortcuts);
listenForMentions();
