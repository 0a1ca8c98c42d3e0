"""The voices to choose from, each with a sample to listen to."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from engines.catalog.entry import Choice
from tabs.part import part

SAMPLES = Path(__file__).parents[1] / "assets" / "samples" / "voices"


def voice_picker(choices: Sequence[Choice], label: str, help: str, default: Any) -> gr.HTML:
    """Put the voices on the page below each other. The value is the chosen one."""
    rows = "".join(_row(choice) for choice in choices)
    return part(
        "voices",
        f'<fieldset class="voices"><legend class="label">{escape(label)}</legend>{rows}<audio preload="none"></audio>'
        "</fieldset>",
        value=str(default),
    )


def _row(choice: Choice) -> str:
    value, name = escape(str(choice.value)), escape(choice.label)
    play = (
        f'<button type="button" class="voices-play" data-do="play" data-voice="{value}" '
        f'aria-label="Play a sample of {name}" aria-pressed="false"></button>'
        if (SAMPLES / f"{choice.value}.m4a").is_file()
        else ""
    )
    return (
        f'<div class="voices-row"><label><input type="radio" name="voice" value="{value}">'
        f"<span><b>{name}</b> <small>{escape(choice.help)}</small></span></label>{play}</div>"
    )
