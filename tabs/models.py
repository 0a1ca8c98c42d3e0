"""Models: what is available, what fits, downloading, adding more."""

from studio import Studio
from tabs.part import part

_SHOW = (("", "All"), ("here", "Installed"), ("get", "Available"))


def build(_: Studio) -> None:
    """Build the tab."""
    ticks = "".join(
        f'<label><input type="radio" name="models-show" value="{value}"{"" if value else " checked"}>'
        f"<span>{text}</span></label>"
        for value, text in _SHOW
    )
    part(
        "models",
        f"""<section class="models" aria-labelledby="models-title">
        <header class="top"><h2 id="models-title">Models</h2>
          <button type="button" class="step first" data-do="add">Add a model</button></header>
        <div class="state"></div>
        <section class="sets" aria-label="Bundles" hidden></section>
        <div class="find"><label class="search"><span class="visually-hidden">Search models</span>
          <input type="search" name="models-search" autocomplete="off"
            placeholder="Search by name, use or license"></label>
          <fieldset class="choice"><legend class="visually-hidden">Show</legend>{ticks}</fieldset></div>
        <div class="kinds"></div>
        <section class="kind served" aria-label="Ollama models" hidden></section>
        <section class="kind access" id="models-access" aria-label="Gated models"></section>
        <dialog aria-labelledby="models-add-title"></dialog></section>""",
    )
