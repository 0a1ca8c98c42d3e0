// How far to extend a picture to reach an aspect ratio.

/**
 * The px to add on two opposite sides, in equal parts, to reach an aspect ratio.
 * @param {number} width in px
 * @param {number} height in px
 * @param {string} shape aspect ratio, such as 16:9
 */
export function sidesForShape(width, height, shape) {
  const [wide, high] = shape.split(":").map(Number);
  const across = Math.round(Math.max(0, (height * wide) / high - width));
  const down = Math.round(Math.max(0, (width * high) / wide - height));
  return { left: Math.floor(across / 2), right: Math.ceil(across / 2), top: Math.floor(down / 2), bottom: Math.ceil(down / 2) };
}
