"""The duration of a clip in seconds, always one its model can make."""

from typing import Any

import gradio as gr

from engines.catalog import Entry
from tabs.part import part

_ANY = (0.5, 60.0, 0.5)
_FIVE = 5.0
_LONG = (4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)
"""The durations offered for clips that are longer than a model makes at once."""
_MANY = 24
"""If there are more durations than this, only whole seconds are offered."""


def usual(entry: Entry) -> float:
    """Return a model's default duration in seconds."""
    return _nearest(entry, float(entry.defaults.get("seconds", _FIVE)))


def legal(entry: Entry, wanted: Any) -> float:
    """Return the duration a model can make that is nearest to a control's value."""
    try:
        return _nearest(entry, float(wanted))
    except (TypeError, ValueError, OverflowError):
        return usual(entry)


def offered_lengths(entry: Entry) -> list[float]:
    """Return the durations a model offers, shortest first."""
    low, high, step = _grid(entry)
    steps = range(int((high - low) / step + 1e-6) + 1) if step > 0 else ()
    lengths = [round(low + n * step, 6) for n in steps] or [low, high]
    if len(lengths) > _MANY:
        lengths = [one for one in lengths if one in (low, lengths[-1]) or one.is_integer()]
    return sorted({*lengths, *(one for one in _LONG if high < one <= entry.longest), usual(entry)})


def at_once(entry: Entry) -> float:
    """Return the duration of the longest clip that a model makes at once."""
    return _grid(entry)[1]


def length_part(task: str) -> gr.HTML:
    """Put the control on the page. Its value is seconds; empty means the model's default."""
    return part(
        "length",
        f"""<div class="length" data-task="{task}"><label><span class="label">Duration</span>
        <select name="length"></select></label><output class="length-only" hidden></output></div>""",
        value="",
    )


def _grid(entry: Entry) -> tuple[float, float, float]:
    return entry.bounds.get("seconds", _ANY)


def _nearest(entry: Entry, seconds: float) -> float:
    low, high, step = _grid(entry)
    halves = round(min(seconds, entry.longest) * 2) / 2 if seconds == seconds else 0.0  # NaN
    if halves > high:
        return halves
    near = min(max(seconds, low), high) if seconds == seconds else low  # NaN
    return round(low + round((near - low) / step) * step, 6) if step > 0 else near
