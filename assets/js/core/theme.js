// Dark or light: the system's theme until a person chooses one.

const KEY = "c41-look";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const themes = [["auto", "System theme"], ["dark", "Dark"], ["light", "Light"]];
export const currentTheme = () => localStorage.getItem(KEY) ?? "auto";

export function applyTheme(choice = currentTheme()) {
  localStorage.setItem(KEY, choice);
  const night = choice === "auto" ? dark.matches : choice === "dark";
  document.documentElement.dataset.look = night ? "dark" : "light";
  document.body.classList.toggle("dark", night);
}

/** Follow the chosen theme. The first paint already has the right one (tabs/first_paint.py). */
export function start() {
  applyTheme();
  dark.addEventListener("change", () => applyTheme());
  // Gradio sets its own class when it starts and when the system theme changes; set ours again.
  new MutationObserver(() => {
    const night = document.documentElement.dataset.look === "dark";
    if (document.body.classList.contains("dark") !== night) document.body.classList.toggle("dark", night);
  }).observe(document.body, { attributeFilter: ["class"] });
}
