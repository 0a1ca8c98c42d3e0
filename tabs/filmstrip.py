"""The filmstrip: what was made in the current project in one medium."""

import gradio as gr

from tabs.part import part


def filmstrip(medium: str) -> gr.HTML:
    """Put the filmstrip of one medium on the page. A click shows an item on the stage; dragging adds it to the form."""
    return part(
        "film",
        f"""<div class="film" data-medium="{medium}" role="group" aria-label="Made in this project"></div>""",
    )
