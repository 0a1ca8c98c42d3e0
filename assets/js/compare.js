// Two pictures one over the other or side by side, zoomed and moved together; two clips side by side, in step.

import { fileOf, thumbOf } from "./api.js";
import { doing, fill, html, icon } from "./dom.js";
import { showModal } from "./layers.js";
import { differences } from "./library-story.js";
import { when } from "./words.js";

const MOST = 16; // times as large
const NEAR = 28; // px from the line that still take it
const DRIFT = 0.06; // s two clips may be apart

const side = (asset, letter, name) => html`<figure class="side" data-side="${letter}">
  ${asset.kind === "image" ? html`<img src="${fileOf(asset.id)}" alt="${asset.title}" draggable="false" decoding="async">`
    : html`<video src="${fileOf(asset.id)}" poster="${asset.has_thumb ? thumbOf(asset.id) : ""}" playsinline loop preload="auto" ${letter === "b" ? "muted" : ""} aria-label="${asset.title}"></video>`}
  <figcaption class="tag ${name}">${letter.toUpperCase()} · ${asset.title}</figcaption></figure>`;

const tools = (image) => (image ? html`<fieldset class="choice"><legend class="visually-hidden">How to compare</legend>
    <label><input type="radio" name="how" value="slider" checked><span>Slider</span></label>
    <label><input type="radio" name="how" value="beside"><span>Side by side</span></label></fieldset>
    <input type="range" class="visually-hidden" name="at" min="0" max="100" value="50" aria-label="Where one picture ends and the other begins">
    <button type="button" class="quiet" data-do="out" aria-label="Smaller" title="Smaller">−</button><output class="zoom">100 %</output>
    <button type="button" class="quiet" data-do="in" aria-label="Larger" title="Larger">+</button>
    <button type="button" class="step" data-do="fit">Fit</button>`
  : html`<button type="button" class="step first" data-do="play">Play</button>
    <input type="range" name="time" min="0" max="1000" value="0" aria-label="Place in both clips"><output class="zoom">0.0 s</output>`);

/** Open the two things in a dialog. ``words`` names tasks, fields and values. */
export function compare(dialog, [a, b], words) {
  const image = a.kind === "image";
  const rows = differences(a, b, words);
  fill(dialog, html`<div class="versus"><header><h2>Compare</h2>${tools(image)}
      <button type="button" class="quiet shut" data-do="shut" aria-label="Close">${icon("x")}</button></header>
    <div class="plane ${image ? "slider" : "beside"}" style="--at:50%">${side(a, "a", "left")}${side(b, "b", "right")}
      ${image && html`<span class="line" aria-hidden="true"></span>`}</div>
    <div class="apart">${rows.length ? html`<table><thead><tr><th scope="col">What differs</th><th scope="col">A · ${when(a.created_at)}</th><th scope="col">B · ${when(b.created_at)}</th></tr></thead>
      <tbody>${rows.map(([name, one, other]) => html`<tr><th scope="row">${name}</th><td>${one}</td><td>${other}</td></tr>`)}</tbody></table>`
    : html`<p class="bare">Nothing recorded tells the two apart.</p>`}</div></div>`);
  const plane = dialog.querySelector(".plane");
  const act = image ? pictures(dialog, plane) : clips(dialog, plane);
  dialog.onclick = null;
  dialog.acts = { ...act, shut: () => dialog.close() };
  if (!dialog.ready) {
    dialog.ready = true;
    doing(dialog, Object.fromEntries(["in", "out", "fit", "play", "shut"].map((name) => [name, () => dialog.acts[name]?.()])));
    dialog.addEventListener("close", () => fill(dialog, ""));
  }
  showModal(dialog);
}

/** Zooming and moving two pictures as one; the line between them. */
function pictures(dialog, plane) {
  const view = { z: 1, x: 0, y: 0 };
  const slider = () => plane.classList.contains("slider");
  const at = dialog.querySelector("[name=at]");
  const half = () => (slider() ? plane.clientWidth : plane.clientWidth / 2);
  const draw = () => {
    const room = [half() * (view.z - 1) / 2, plane.clientHeight * (view.z - 1) / 2];
    view.x = Math.max(-room[0], Math.min(room[0], view.x));
    view.y = Math.max(-room[1], Math.min(room[1], view.y));
    plane.style.setProperty("--move", `translate(${view.x}px, ${view.y}px) scale(${view.z})`);
    dialog.querySelector(".zoom").textContent = `${Math.round(view.z * 100)} %`;
  };
  const line = (part) => { at.value = Math.max(0, Math.min(100, part)); plane.style.setProperty("--at", `${at.value}%`); };
  /** Grow by ``factor`` about a point of the window. */
  const grow = (factor, clientX, clientY) => {
    const box = plane.getBoundingClientRect(), width = half();
    const z = Math.max(1, Math.min(MOST, view.z * factor)), by = z / view.z;
    const x = ((clientX ?? box.left + width / 2) - box.left) % width - width / 2, y = (clientY ?? box.top + box.height / 2) - box.top - box.height / 2;
    Object.assign(view, { z, x: x - (x - view.x) * by, y: y - (y - view.y) * by });
    draw();
  };
  at.oninput = () => line(Number(at.value));
  for (const how of dialog.querySelectorAll("[name=how]")) {
    how.onchange = () => { plane.classList.toggle("slider", how.value === "slider"); plane.classList.toggle("beside", how.value !== "slider"); draw(); };
  }
  plane.addEventListener("wheel", (event) => { event.preventDefault(); grow(2 ** (-event.deltaY / 300), event.clientX, event.clientY); }, { passive: false });
  plane.addEventListener("dblclick", (event) => (view.z > 1 ? acts.fit() : grow(3, event.clientX, event.clientY)));
  fingers(plane, { slider, line, view, draw, grow });
  const acts = { in: () => grow(1.5), out: () => grow(1 / 1.5), fit: () => { Object.assign(view, { z: 1, x: 0, y: 0 }); draw(); } };
  return acts;
}

/** One finger or the mouse moves (the line, where it is near); two fingers zoom. */
function fingers(plane, { slider, line, view, draw, grow }) {
  const down = new Map();
  let lining = false;
  plane.addEventListener("pointerdown", (event) => {
    plane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event);
    const box = plane.getBoundingClientRect();
    const where = box.left + box.width * parseFloat(plane.style.getPropertyValue("--at")) / 100;
    lining = slider() && down.size === 1 && (view.z === 1 || Math.abs(event.clientX - where) < NEAR);
    if (lining) line(100 * (event.clientX - box.left) / box.width);
  });
  plane.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const box = plane.getBoundingClientRect();
    const other = [...down.entries()].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (one) => Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
      grow(apart(event) / apart(before), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
    } else if (lining) line(100 * (event.clientX - box.left) / box.width);
    else { view.x += event.clientX - before.clientX; view.y += event.clientY - before.clientY; draw(); }
    down.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) plane.addEventListener(name, (event) => down.delete(event.pointerId));
}

/** Two clips as one: the first leads, the second keeps step. */
function clips(dialog, plane) {
  const [first, second] = plane.querySelectorAll("video");
  const time = dialog.querySelector("[name=time]"), said = dialog.querySelector(".zoom");
  second.muted = true;
  const step = () => {
    if (second.duration && Math.abs(second.currentTime - first.currentTime) > DRIFT && first.currentTime < second.duration) second.currentTime = first.currentTime;
  };
  first.ontimeupdate = () => {
    step();
    if (first.duration) time.value = 1000 * first.currentTime / first.duration;
    said.textContent = `${first.currentTime.toFixed(1)} s`;
  };
  const button = dialog.querySelector("[data-do=play]");
  first.onplay = () => { button.textContent = "Pause"; second.play().catch(() => {}); };
  first.onpause = () => { button.textContent = "Play"; second.pause(); step(); };
  time.oninput = () => { if (first.duration) { first.currentTime = first.duration * time.value / 1000; step(); } };
  return { play: () => (first.paused ? first.play().catch(() => {}) : first.pause()) };
}
