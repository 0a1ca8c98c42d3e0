"""The stage: a preview of the running job, then the result with its next steps."""

import gradio as gr

from tabs.part import part


def stage(medium: str) -> gr.HTML:
    """Put the stage of one medium on the page; it follows the queue by itself."""
    return part(
        "stage",
        f"""<section class="stage" data-medium="{medium}" aria-label="Stage"><div class="view"></div>
        <button type="button" class="following" data-do="follow" hidden>Show running job</button>
        <div class="under"></div></section>""",
    )
