// Runs before anything is painted.
{
  const chosen = localStorage.getItem("c41-look"), night = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.look = ["dark", "light"].includes(chosen) ? chosen : night ? "dark" : "light";

  // Gradio starts with the tab that the address names.
  const config = window.gradio_config;
  const named = location.hash.slice(1).split(/[/?]/)[0];
  const ofType = (type) => config.components.filter((component) => component.type === type);
  if (ofType("tabitem").some(({ props }) => props.id === named)) ofType("tabs")[0].props.selected = named;

  // The endpoints for scripts are half of what Gradio would go through several times; only their own page needs them.
  if (!new URLSearchParams(location.search).has("view")) {
    const page = config.page[config.current_page];
    const unused = new Set(ofType("api").map(({ id }) => id));
    page.components = page.components.filter((id) => !unused.has(id));
    page.layout.children = page.layout.children.filter(({ id }) => !unused.has(id));
    page.dependencies = config.dependencies.filter(({ targets }) => targets.length).map(({ id }) => id);
  }

  // The theme is in the page's own style sheet; Gradio loads none that has a link.
  const sheet = document.createElement("link"), address = `theme.css?v=${config.theme_hash}`;
  Object.assign(sheet, { rel: "stylesheet", disabled: true, href: new URL(address, document.baseURI).href });
  document.head.append(sheet);

  // Parts wait for the class that runs them, and a press of a button for its part.
  C41.queue = [];
  C41.mount = (...part) => { C41.queue.push(part); };
  addEventListener("click", (event) => {
    const button = event.target.closest?.(".block.part button");
    if (!button || button.closest("[data-started]")) return;
    event.preventDefault(); // no half of a menu: it opens once it is filled
    button.dataset.pressed = "yes";
    button.setAttribute("aria-busy", "true");
  });
}
