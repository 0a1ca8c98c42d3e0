"""An ordered input for several pictures. The value is a list of asset ids, as JSON."""

from html import escape

import gradio as gr

from engines.requests.base import Kind
from tabs.part import part


def slots(kind: Kind, label: str, help: str, most: int) -> gr.HTML:
    """Put an input for up to ``most`` assets on the page, to add, remove and reorder."""
    return part(
        "slots",
        f"""<div class="slots" data-kind="{kind}" data-most="{most}" data-label="{escape(label)}" role="group"
        aria-label="{escape(label)}"><span class="label">{escape(label)}</span><ol class="slots-list"></ol>
        <p class="wrong" role="alert"></p><p class="help">{escape(help)}</p></div>""",
        value="",
    )
