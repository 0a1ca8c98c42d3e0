"""Where several pictures are put in, in an order that means something. The value is a list of asset ids, as JSON."""

from html import escape

import gradio as gr

from engines.requests.base import Kind
from tabs.parts import part


def slots(kind: Kind, label: str, help: str, most: int) -> gr.HTML:
    """An input for up to ``most`` assets: added, taken out, moved."""
    return part(
        "slots",
        f"""<div class="slots" data-kind="{kind}" data-most="{most}" data-label="{escape(label)}" role="group"
        aria-label="{escape(label)}"><span class="label">{escape(label)}</span><ol class="slots-list"></ol>
        <p class="wrong" role="alert"></p><p class="help">{escape(help)}</p></div>""",
        value="",
    )
