// The page comes to life: each part that Python puts on it names its kind, and is given to the class that runs it.

import { Bar } from "./bar.js";
import { on, say } from "./bus.js";
import * as doors from "./doors.js";
import { dropping } from "./drop.js";
import { Film } from "./film.js";
import { start as follow } from "./follow.js";
import { Foot, shortcut } from "./foot.js";
import { Home } from "./home.js";
import { Library } from "./library.js";
import * as look from "./look.js";
import { Models } from "./models.js";
import { Slot, pasting } from "./slot.js";
import { Pronunciations } from "./speech-words.js";
import { Stage, medium } from "./stage.js";
import { StudioPage } from "./studio-page.js";
import { Tray } from "./tray.js";
import { Writing } from "./writing.js";

const stages = new Map();

const parts = {
  bar: (at) => new Bar(at),
  choice: (at) => new doors.Choice(at),
  film: (at) => new Film(at, () => stages.get(at.element.querySelector("[data-medium]").dataset.medium)),
  foot: (at) => new Foot(at, (task) => stages.get(medium(task))),
  home: (at) => new Home(at),
  library: (at) => new Library(at),
  models: (at) => new Models(at),
  slot: (at) => new Slot(at),
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

const rooms = new Set(["library", "models", "studio"]); // where nothing is made
let lastMade = "home";
on("tab", (name) => { if (!rooms.has(name)) lastMade = name; });

const mount = (kind, at) => {
  try { parts[kind](at); } catch (error) { console.error(`The part ${kind} did not start:`, error); }
};

look.start();
const waiting = window.C41.queue;
window.C41.mount = mount;
for (const [kind, at] of waiting) mount(kind, at);
doors.start();
pasting();
dropping();
shortcut();
follow();
