// Numbers as a person would say them, and tables of what things are called.

/** A length of time: 8 s, 1 min 20 s, 12 min, 1.5 h */
export const seconds = (value) => {
  if (value < 59.5) return `${Math.max(1, Math.round(value))} s`;
  if (value < 600) {
    const rest = Math.round((value % 60) / 5) * 5 % 60;
    return `${Math.round((value - rest) / 60)} min${rest ? ` ${rest} s` : ""}`;
  }
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1).replace(/\.0$/, "")} h`;
};

export const bytes = (value) => {
  if (value >= 1e9) return `${(value / 1e9).toFixed(value < 1e10 ? 1 : 0)} GB`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`;
  return `${Math.max(1, Math.round(value / 1e3))} kB`;
};

/** What an asset is, in one line: 1920 × 1080 · 12 s · 25 fps */
export const facts = (asset) => [
  asset.width && asset.height ? `${asset.width} × ${asset.height}` : "",
  asset.seconds ? seconds(asset.seconds) : "",
  asset.fps ? `${+asset.fps.toFixed(2)} fps` : "",
].filter(Boolean).join(" · ");

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** When something was made: today 14:05, yesterday 9:30, 3 May 18:00 */
export const when = (epoch) => {
  const date = new Date(epoch * 1000), midnight = new Date().setHours(0, 0, 0, 0);
  const name = date >= midnight ? "today" : date >= midnight - 864e5 ? "yesterday" : day.format(date);
  return `${name} ${hour.format(date)}`;
};

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const kinds = { image: "picture", clip: "clip", sound: "sound", subtitles: "subtitles", document: "document", lora: "LoRA" };

const bare = (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value);

/** Tables from JSON, in which only what was put in is found: a file's record may ask for “constructor”. */
export const tables = (text) => JSON.parse(text, bare);
