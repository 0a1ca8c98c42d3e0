"""Where a picture, clip or sound is put in. Its value is the id of an asset of the library, or empty."""

from html import escape

import gradio as gr

from engines.requests.base import Kind
from tabs.parts import part


def slot(kind: Kind, label: str, help: str, *, main: bool) -> gr.HTML:
    """An input for one asset. The ``main`` one of a form also takes what is dropped anywhere on its tab."""
    return part(
        "slot",
        f"""<div class="slot" data-kind="{kind}" data-main="{"yes" if main else "no"}" data-label="{escape(label)}">
        <span class="label">{escape(label)}</span><div class="slot-box"></div>
        <p class="wrong" role="alert"></p><p class="help">{escape(help)}</p></div>""",
        value="",
    )
