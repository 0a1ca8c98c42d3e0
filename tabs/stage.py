"""The stage: what is being made, as it comes into being, then the result with its next steps."""

import gradio as gr

from tabs.parts import part


def stage(medium: str) -> gr.HTML:
    """The stage of one medium; it follows the queue by itself."""
    return part(
        "stage",
        f"""<section class="stage" data-medium="{medium}" aria-label="Stage"><div class="view"></div>
        <div class="under"></div></section>""",
    )
