// The page comes to life: each part that Python puts on it names its kind, and is given to the class that runs it.

import { Bar } from "./bar.js";
import { on, say } from "./bus.js";
import { Cast } from "./cast.js";
import * as doors from "./doors.js";
import { dropping } from "./drop.js";
import { Film } from "./film.js";
import { fields } from "./fields.js";
import { start as follow } from "./follow.js";
import { Foot, shortcut } from "./foot.js";
import { Home } from "./home.js";
import { Idea } from "./idea.js";
import { sweep } from "./keep.js";
import * as layers from "./layers.js";
import { Length } from "./length.js";
import { lists } from "./lists.js";
import { Library } from "./library.js";
import * as look from "./look.js";
import { Loras } from "./loras.js";
import { Mask } from "./mask.js";
import { mentioning } from "./mention.js";
import { Models } from "./models.js";
import { OpenNumber } from "./number.js";
import { Presets } from "./presets.js";
import { Quality } from "./quality.js";
import { Recipes } from "./recipes.js";
import { Sides } from "./sides.js";
import { Size } from "./size.js";
import { Slot, pasting } from "./slot.js";
import { Slots } from "./slots.js";
import { Pronunciations } from "./speech-words.js";
import { Stage, medium } from "./stage.js";
import { StudioPage } from "./studio-page.js";
import { Tray } from "./tray.js";
import { Writing } from "./writing.js";

const stages = new Map();

const parts = {
  bar: (at) => new Bar(at),
  cast: (at) => new Cast(at),
  choice: (at) => new doors.Choice(at),
  film: (at) => new Film(at, () => stages.get(at.element.querySelector("[data-medium]").dataset.medium)),
  foot: (at) => new Foot(at, (task) => stages.get(medium(task))),
  home: (at) => new Home(at),
  length: (at) => new Length(at),
  library: (at) => new Library(at),
  loras: (at) => new Loras(at),
  models: (at) => new Models(at),
  idea: (at) => new Idea(at),
  mask: (at) => new Mask(at),
  number: (at) => new OpenNumber(at),
  presets: (at) => new Presets(at),
  recipes: (at) => new Recipes(at),
  quality: (at) => new Quality(at),
  sides: (at) => new Sides(at),
  size: (at) => new Size(at),
  slot: (at) => new Slot(at),
  slots: (at) => new Slots(at),
  writing: (at) => new Writing(at),
  words: (at) => new Pronunciations(at),
  stage: (at) => { const stage = new Stage(at); stages.set(stage.medium, stage); },
  "studio-page": (at) => new StudioPage(at),
  tray: (at) => {
    new Tray(at);
    at.element.querySelector(".doors").addEventListener("click", (event) => {
      const door = event.target.closest("[data-door]")?.dataset.door;
      if (!door) return;
      event.preventDefault();
      if (door === "queue") return void say("queue");
      doors.open(door === "library" ? "library" : lastMade);
    });
  },
};

const rooms = new Set(["library", "cast", "models", "studio"]); // where nothing is made
let lastMade = "home";
on("tab", (name) => { if (!rooms.has(name)) lastMade = name; });

const mount = (kind, at) => {
  try { parts[kind](at); } catch (error) { console.error(`The part ${kind} did not start:`, error); }
};

look.start();
sweep();
layers.start();
lists();
fields();
const waiting = window.C41.queue;
window.C41.mount = mount;
for (const [kind, at] of waiting) mount(kind, at);
doors.start();
pasting();
dropping();
shortcut();
mentioning();
follow();
