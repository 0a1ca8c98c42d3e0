"""Cast: characters, products, places and styles that any prompt can mention with @."""

import json

from studio import Studio
from tabs.part import part


def build(studio: Studio) -> None:
    """Build the tab."""
    voices = [(choice.value, choice.label) for choice in studio.catalog.field_choices("speak", "voice")]
    part(
        "cast",
        """<section class="cast-page cast-empty" aria-labelledby="cast-title">
        <header class="cast-head"><div><h2 id="cast-title">Cast</h2>
          <p class="bare">Type @ and a name in any prompt to use someone from your cast.</p></div>
          <div class="cast-tools"><button type="button" class="step" data-do="add">Add</button>
          <button type="button" class="step first" data-do="design">Design</button></div></header>
        <ul class="cast-grid" aria-label="The cast"></ul>
        <div class="cast-end"></div>
        <dialog class="cast-dialog cast-detail" tabindex="-1" aria-labelledby="cast-detail-title"></dialog>
        <dialog class="cast-dialog cast-design" tabindex="-1" aria-labelledby="cast-design-title"></dialog>
        </section>""",
        value=json.dumps({"voices": voices}),
    )
