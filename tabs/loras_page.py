"""LoRAs: everything in the library that teaches a model one thing, to rename, delete and add."""

from studio import Studio
from tabs.part import part


def build(_: Studio) -> None:
    """Build the tab."""
    part(
        "loras-page",
        """<section class="loras-page" aria-labelledby="loras-title">
        <header class="loras-head"><div><h2 id="loras-title">LoRAs</h2>
          <p class="bare">Small files that teach a model one thing: a character, a product, a look.
            Add them to a form under Advanced.</p></div>
          <button type="button" class="step first" data-do="add">Add a LoRA</button></header>
        <label class="loras-find"><span class="visually-hidden">Search LoRAs</span><input type="search"
          name="loras-search" maxlength="200" autocomplete="off"
          placeholder="Search by name, family or trigger word"></label>
        <ul class="loras-grid" aria-label="Your LoRAs"></ul><div class="loras-end"></div></section>""",
    )
