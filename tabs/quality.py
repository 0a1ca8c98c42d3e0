"""Draft, Good, Best: in a word what the steps of a model say in numbers, with the seconds each takes."""

from collections.abc import Mapping
from typing import Any, get_args

import gradio as gr

from engines.catalog import Entry
from engines.catalog.entry import Quality
from tabs.parts import part

LEVELS: dict[Quality, str] = {"draft": "Draft", "good": "Good", "best": "Best"}
USUAL: Quality = "good"


def fields_of(entry: Entry, level: Any, task: str) -> dict[str, Any]:
    """The request's fields that a level of a model sets; those of its defaults below it."""
    usual = {**entry.defaults, **entry.task_defaults.get(task, {})}
    chosen = entry.quality.get(level if level in get_args(Quality) else USUAL, {})
    return {name: value for name, value in usual.items() if name in ("steps", "guidance")} | chosen


def level_of(entry: Entry, made: Mapping[str, Any], task: str) -> str | None:
    """The level that something was made with; None where its numbers were chosen by hand."""
    for level in (USUAL, *LEVELS):
        fields = fields_of(entry, level, task)
        if all(made.get(name) == value for name, value in fields.items()):
            return level
    return None


def quality_part(task: str) -> gr.HTML:
    """The control: the three levels side by side. Its value is the chosen one."""
    ticks = "".join(
        f'<label><input type="radio" name="quality-{task}" value="{level}"{" checked" if level == USUAL else ""}>'
        f"<span>{name}<small></small></span></label>"
        for level, name in LEVELS.items()
    )
    return part(
        "quality",
        f'<fieldset class="choice quality" data-task="{task}"><legend class="visually-hidden">Quality</legend>'
        f"{ticks}</fieldset>",
        value="",
    )
