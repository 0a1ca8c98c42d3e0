// Dark or light: as the system says, until a person says otherwise.

const KEY = "c41-look";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const looks = [["auto", "As the system"], ["dark", "Dark"], ["light", "Light"]];
export const look = () => localStorage.getItem(KEY) ?? "auto";

export function wear(choice = look()) {
  localStorage.setItem(KEY, choice);
  const night = choice === "auto" ? dark.matches : choice === "dark";
  document.documentElement.dataset.look = night ? "dark" : "light";
  document.body.classList.toggle("dark", night);
}

/** The page came with the right look (tabs/first_paint.py); from here on it follows what is chosen. */
export function start() {
  wear();
  dark.addEventListener("change", () => wear());
  // Gradio sets its own class when it starts and when the system changes: ours is put back.
  new MutationObserver(() => {
    const night = document.documentElement.dataset.look === "dark";
    if (document.body.classList.contains("dark") !== night) document.body.classList.toggle("dark", night);
  }).observe(document.body, { attributeFilter: ["class"] });
}
