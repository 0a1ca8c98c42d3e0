"""How long a clip is to be, in seconds: always as its model can."""

from typing import Any

import gradio as gr

from engines.catalog import Entry
from tabs.parts import part

_ANY = (0.5, 60.0, 0.5)
_FIVE = 5.0
_MANY = 24
"""More lengths than that are not offered: then only whole seconds."""


def usual(entry: Entry) -> float:
    """The length that a model makes when none is asked for."""
    return _nearest(entry, float(entry.defaults.get("seconds", _FIVE)))


def legal(entry: Entry, wanted: Any) -> float:
    """The length nearest to what a control holds that a model can make."""
    try:
        return _nearest(entry, float(wanted))
    except (TypeError, ValueError, OverflowError):
        return usual(entry)


def offered(entry: Entry) -> list[float]:
    """The lengths that a model can be asked for, the shortest first."""
    low, high, step = _grid(entry)
    steps = range(int((high - low) / step + 1e-6) + 1) if step > 0 else ()
    lengths = [round(low + n * step, 6) for n in steps] or [low, high]
    if len(lengths) > _MANY:
        lengths = [one for one in lengths if one in (low, lengths[-1]) or one.is_integer()]
    return sorted({*lengths, usual(entry)})


def length_part(task: str) -> gr.HTML:
    """The control. Its value is seconds; empty: as the model is used to."""
    return part(
        "length",
        f"""<div class="length" data-task="{task}"><label><span class="label">Length</span>
        <select name="length"></select></label><output class="length-only" hidden></output></div>""",
        value="",
    )


def _grid(entry: Entry) -> tuple[float, float, float]:
    return entry.bounds.get("seconds", _ANY)


def _nearest(entry: Entry, seconds: float) -> float:
    low, high, step = _grid(entry)
    near = min(max(seconds, low), high) if seconds == seconds else low  # NaN is no length
    return round(low + round((near - low) / step) * step, 6) if step > 0 else near
