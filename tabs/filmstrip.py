"""The filmstrip: what the project in hand has made in one medium."""

import gradio as gr

from tabs.parts import part


def filmstrip(medium: str) -> gr.HTML:
    """The filmstrip of one medium; its frames go to the stage or, dragged, into the form."""
    return part(
        "film",
        f"""<div class="film" data-medium="{medium}" role="group" aria-label="Made in this project"></div>""",
    )
