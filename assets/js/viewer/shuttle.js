// J, K and L: play backward, stop, play forward. Pressed again, it goes faster.

const SPEEDS = [1, 2, 4, 8];

/**
 * The speed after a key: negative is backward, 0 is stopped.
 * @param {number} speed
 * @param {"j" | "k" | "l"} key
 */
export function shuttle(speed, key) {
  if (key === "k") return 0;
  const direction = key === "l" ? 1 : -1, now = speed * direction;
  if (now <= 0) return direction;
  return direction * (SPEEDS.find((one) => one > now) ?? SPEEDS[SPEEDS.length - 1]);
}

/**
 * A speed to read: 2×, −4×, 0.5×
 * @param {number} speed
 */
export const speedText = (speed) => `${speed < 0 ? "−" : ""}${Math.abs(speed)}×`;
