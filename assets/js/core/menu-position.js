// Where a menu goes beside its button.

const GAP = 6; // px between button and menu
const EDGE = 8; // px to the edge of the window

/**
 * Where a menu goes: under its button and flush with its right edge, or above it if there is no room below. All in px.
 * @param {{ top: number, bottom: number, right: number }} button
 * @param {{ width: number, height: number }} menu
 * @param {{ width: number, height: number }} view
 */
export function placeMenu(button, menu, view) {
  const below = button.bottom + GAP, above = button.top - GAP - menu.height;
  const top = below + menu.height <= view.height - EDGE || above < EDGE ? below : above;
  return { left: Math.max(EDGE, Math.min(button.right, view.width - EDGE) - menu.width), top: Math.max(EDGE, Math.min(top, view.height - EDGE - menu.height)) };
}
