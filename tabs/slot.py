"""An input for a picture, clip or sound. Its value is the id of an asset in the library, or empty."""

from html import escape

import gradio as gr

from engines.requests.base import Kind
from tabs.part import part


def slot(kind: Kind, label: str, help: str, *, main: bool) -> gr.HTML:
    """Put an input for one asset on the page. A form's ``main`` one also takes files dropped anywhere on its tab."""
    return part(
        "slot",
        f"""<div class="slot" data-kind="{kind}" data-main="{"yes" if main else "no"}" data-label="{escape(label)}">
        <span class="label">{escape(label)}</span><div class="slot-box"></div>
        <p class="wrong" role="alert"></p><p class="help">{escape(help)}</p></div>""",
        value="",
    )
