"""Whether a model fits a device, in words."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from engines.catalog.entry import Entry

_WORK = 1.15
"""What the work takes beside the weights, at the least."""


class Fit(BaseModel):
    """``fits`` in its best format, ``smaller`` only in a smaller one, ``too_big``, or ``unknown``."""

    model_config = ConfigDict(frozen=True)

    state: Literal["fits", "smaller", "too_big", "unknown"]
    words: str


def fit(entry: Entry, room: int | None) -> Fit:
    """How a model stands to a device with ``room`` bytes; None where no device has said what it has."""
    if entry.runtime == "ollama":
        return Fit(state="unknown", words="Your Ollama decides.")
    if not entry.memory or room is None:
        return Fit(state="unknown", words="It is not known what it needs.")
    best, least = max(entry.memory.values()), min(entry.memory.values())
    if best * _WORK <= room:
        return Fit(state="fits", words=f"Fits: needs {_size(best)}, this machine has {_size(room)}.")
    if least * _WORK <= room:
        name = min(entry.memory, key=lambda precision: entry.memory[precision])
        return Fit(state="smaller", words=f"Fits as {name}: needs {_size(least)}, this machine has {_size(room)}.")
    return Fit(state="too_big", words=f"Too big: needs {_size(least)}, this machine has {_size(room)}.")


def _size(count: int) -> str:
    if count < 1e9:
        return f"{max(1, round(count / 1e6))} MB"
    return f"{count / 1e9:.0f} GB" if count >= 1e10 else f"{count / 1e9:.1f} GB"
