// Dragging a waiting job before or after another one.

import { dataOf, targetOf } from "../core/dom.js";
import { transferOf } from "../core/drag.js";

const DRAGGED = "application/x-c41-job";

/**
 * Let rows of a list be dragged. ``may`` says whether one job can be moved next to another, ``move`` moves it.
 * @param {HTMLElement} list
 * @param {(job: string, anchor: string) => boolean} may
 * @param {(job: string, anchor: string, after: boolean) => void} move
 */
export function listenForReordering(list, may, move) {
  let dragged = "";
  /** @type {HTMLElement | null} */
  let marked = null;

  /** @param {HTMLElement | null} row @param {boolean} [after] */
  const mark = (row, after = false) => {
    marked?.classList.remove("drop-before", "drop-after");
    marked = row;
    row?.classList.add(after ? "drop-after" : "drop-before");
  };

  /** @param {DragEvent} event */
  const rowUnder = (event) => {
    const row = /** @type {HTMLElement | null} */ (targetOf(event).closest(".job"));
    return row && dragged && may(dragged, dataOf(row).job) ? row : null;
  };

  /** @param {DragEvent} event @param {HTMLElement} row */
  const isBelow = (event, row) => { const box = row.getBoundingClientRect(); return event.clientY > box.top + box.height / 2; };

  list.addEventListener("dragstart", (event) => {
    dragged = dataOf(targetOf(event)).job ?? "";
    transferOf(event).setData(DRAGGED, dragged);
    transferOf(event).effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const row = rowUnder(event);
    if (row) event.preventDefault();
    mark(row, row ? isBelow(event, row) : false);
  });
  list.addEventListener("drop", (event) => {
    const row = rowUnder(event);
    if (!row) return;
    event.preventDefault();
    move(dragged, dataOf(row).job, isBelow(event, row));
  });
  list.addEventListener("dragend", () => { mark(null); dragged = ""; });
}
