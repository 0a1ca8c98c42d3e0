"""Draft, Good, Best: names for a model's steps and guidance, each with the seconds it takes."""

from collections.abc import Mapping
from typing import Any, get_args

import gradio as gr

from engines.catalog import Entry
from engines.catalog.entry import Quality
from tabs.part import part

LEVELS: dict[Quality, str] = {"draft": "Draft", "good": "Good", "best": "Best"}
USUAL: Quality = "good"


def fields_of(entry: Entry, level: Any, task: str) -> dict[str, Any]:
    """Return the request fields set by a model's quality level, on top of its defaults."""
    usual = {**entry.defaults, **entry.task_defaults.get(task, {})}
    chosen = entry.quality.get(level if level in get_args(Quality) else USUAL, {})
    return {name: value for name, value in usual.items() if name in ("steps", "guidance")} | chosen


def level_of(entry: Entry, request: Mapping[str, Any], task: str) -> str | None:
    """Return the level something was made with; None if its numbers were set by hand."""
    for level in (USUAL, *LEVELS):
        fields = fields_of(entry, level, task)
        if all(request.get(name) == value for name, value in fields.items()):
            return level
    return None


def quality_part(task: str, usual: Quality = USUAL) -> gr.HTML:
    """Put the three levels side by side on the page. The value is the chosen one; empty means ``usual``."""
    ticks = "".join(
        f'<label><input type="radio" name="quality-{task}" value="{level}"{" checked" if level == usual else ""}>'
        f"<span>{name}<small></small></span></label>"
        for level, name in LEVELS.items()
    )
    return part(
        "quality",
        f'<fieldset class="choice quality" data-task="{task}" data-usual="{usual}">'
        f'<legend class="visually-hidden">Quality</legend>{ticks}</fieldset>',
        value="",
    )
