"""The looks of Restyle: a grid of thumbnails, of the chosen picture as soon as there is one."""

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from engines.catalog.entry import Choice
from tabs.part import part


def style_picker(choices: Sequence[Choice], label: str, help: str, default: Any) -> gr.HTML:
    """Put the looks on the page side by side. The value is the chosen one."""
    cells = "".join(map(_cell, choices))
    return part(
        "styles",
        f'<fieldset class="styles"><legend class="label">{escape(label)}</legend><p class="help">{escape(help)}</p>'
        f'<div class="styles-grid">{cells}</div><p class="help styles-about" aria-live="polite"></p></fieldset>',
        value=str(default),
    )


def _cell(choice: Choice) -> str:
    value, name, about = escape(str(choice.value)), escape(choice.label), escape(choice.help)
    return (
        f'<label><input type="radio" name="style" value="{value}" aria-label="{name}" data-help="{about}">'
        f'<img src="c41/samples/styles/{value}.webp" alt="" loading="lazy" width="128" height="128">'
        f"<span>{name}</span></label>"
    )
