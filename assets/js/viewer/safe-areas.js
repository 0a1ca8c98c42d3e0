// Safe areas of a 16:9 picture: action 93 %, title 90 % of width and height (EBU R 95, SMPTE ST 2046-1).

import { html } from "../core/dom.js";

const AREAS = [{ name: "Action 93 %", part: 0.93 }, { name: "Title 90 %", part: 0.9 }];

/** The safe areas as an overlay that fills the picture. */
export const safeAreas = () => AREAS.map(({ name, part }) => html`<div class="safe-area" style="inset:${(50 * (1 - part)).toFixed(2)}%"><span>${name}</span></div>`);
