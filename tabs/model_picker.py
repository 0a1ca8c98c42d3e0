"""The choice of a form's model: installed ones first, with how well each runs here, the others behind “More models”."""

import json
from collections.abc import Iterable
from html import escape

import gradio as gr

from engines.catalog import Entry
from tabs.part import part


def model_picker(task: str, label: str, entries: Iterable[Entry]) -> gr.HTML:
    """Put the choice on the page. The value is the model's id, or empty for the automatic choice."""
    names = escape(json.dumps({entry.id: entry.name for entry in entries}))
    title = escape(label)
    return part(
        "model",
        f"""<div class="model-picker" data-task="{task}" data-names="{names}"><span class="label">{title}</span>
        <button type="button" class="model-chosen" data-do="open" aria-expanded="false" aria-label="{title}">
        <span></span><small></small></button>
        <div class="model-list" role="group" aria-label="{title}" hidden></div></div>""",
        value="",
    )
