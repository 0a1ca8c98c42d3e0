"""A list of LoRAs, each with its strength. The value is a list of ``{"asset", "weight"}``, as JSON."""

from html import escape

import gradio as gr

from engines.requests import LoraUse
from tabs.part import part


def loras(label: str, help: str, most: int) -> gr.HTML:
    """Put an input for up to ``most`` LoRAs of the library on the page; it offers those that fit the chosen model."""
    weight = LoraUse.model_fields["weight"].metadata
    bounds = {name: getattr(one, name) for one in weight for name in ("ge", "le") if hasattr(one, name)}
    low, high = bounds["ge"], bounds["le"]
    return part(
        "loras",
        f"""<div class="loras" data-most="{most}" data-low="{low}" data-high="{high}" role="group"
        aria-label="{escape(label)}"><span class="label">{escape(label)}</span><ul class="loras-list"></ul>
        <button type="button" class="step loras-add" data-do="add">Add a LoRA</button>
        <p class="wrong" role="alert"></p><p class="help">{escape(help)}</p></div>""",
        value="",
    )
