"""Whether a model fits a machine, in words."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from engines import planning, wire
from engines.catalog import Catalog, Entry
from errors import StudioError

_WORK = 1.15
"""What the work takes beside the weights, at the least, where nothing better is known."""


class Fit(BaseModel):
    """``fits`` in its best format, ``smaller`` only in a smaller one or streamed, ``too_big``, or ``unknown``."""

    model_config = ConfigDict(frozen=True)

    state: Literal["fits", "smaller", "too_big", "unknown"]
    words: str


def fit(entry: Entry, catalog: Catalog, state: wire.DeviceState | None) -> Fit:
    """How a model stands to a device; None where none has said what it has."""
    if entry.runtime == "ollama":
        return Fit(state="unknown", words="Your Ollama decides.")
    if not entry.memory or state is None:
        return Fit(state="unknown", words="It is not known what it needs.")
    if planning.plannable(entry):
        return _planned(entry, catalog, state)
    room = state.total_bytes
    best, least = max(entry.memory.values()), min(entry.memory.values())
    if best * _WORK <= room:
        return Fit(state="fits", words=f"Fits: needs {size_of(best)}, this machine has {size_of(room)}.")
    if least * _WORK <= room:
        name = min(entry.memory, key=lambda precision: entry.memory[precision])
        return Fit(state="smaller", words=f"Fits as {name}: needs {size_of(least)}, this machine has {size_of(room)}.")
    return Fit(state="too_big", words=f"Too big: needs {size_of(least)}, this machine has {size_of(room)}.")


def _planned(entry: Entry, catalog: Catalog, state: wire.DeviceState) -> Fit:
    """As it would be kept for a picture of the size at which the model is best."""
    room = planning.Room.of(state)
    try:
        plan = planning.settled(entry, catalog, planning.working(None, entry, catalog), room)
    except StudioError as error:
        return Fit(state="unknown", words=error.problem.what)
    needs = f"needs {needed(plan, room)}, this machine has {had(plan, room, state)}."
    if not plan.fits:
        return Fit(state="too_big", words=f"Too big: {needs}")
    return Fit(state="fits" if plan.plain else "smaller", words=f"{plan.words.rstrip('.')}: {needs}")


def needed(plan: planning.Plan, room: planning.Room) -> str:
    """What a plan needs: of the device, or of main memory where that is what is too small."""
    if plan.lacks_beside(room):
        return f"{size_of(plan.beside_bytes)} of main memory"
    return size_of(plan.device_bytes)


def had(plan: planning.Plan, room: planning.Room, state: wire.DeviceState) -> str:
    """What there is of what ``needed`` names."""
    return size_of(state.beside_bytes if plan.lacks_beside(room) else state.total_bytes)


def size_of(count: int) -> str:
    """A size in memory: “23 MB”, “8.1 GB”, “24 GB”."""
    if count < 1e9:
        return f"{max(1, round(count / 1e6))} MB"
    return f"{count / 1e9:.0f} GB" if count >= 1e10 else f"{count / 1e9:.1f} GB"
