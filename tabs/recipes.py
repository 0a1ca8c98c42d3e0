"""Recipes, in the Image tab: chains of steps to run, and the current run as numbered pictures."""

import gradio as gr

from tabs.part import part

_MARKUP = """<section class="recipes" aria-label="Recipes"><p class="wrong" role="alert"></p>
<div class="recipes-view"></div></section>"""


def build() -> None:
    """Build the section; the page's script renders its content."""
    with gr.Column(elem_id="task-recipes", elem_classes=["task", "alone"]):
        part("recipes", _MARKUP)
