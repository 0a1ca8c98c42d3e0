"""Recipes, in the Image tab: chains of steps to run, and the run in hand as numbered pictures."""

import gradio as gr

from tabs.parts import part

_MARKUP = """<section class="recipes" aria-label="Recipes"><p class="wrong" role="alert"></p>
<div class="recipes-view"></div></section>"""


def build() -> None:
    """The section, drawn by the page's own script."""
    with gr.Column(elem_id="task-recipes", elem_classes=["task", "alone"]):
        part("recipes", _MARKUP)
