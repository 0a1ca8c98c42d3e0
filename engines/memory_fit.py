"""Whether a model fits into memory, as a sentence."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from engines import protocol
from engines.catalog import Catalog, Entry
from engines.diffusion.planning import choose_plan, plannable, usual_workload
from engines.memory.plan import MemoryBudget, Plan
from errors import StudioError

_WORK = 1.15
"""Memory needed relative to the weights alone: a lower bound if nothing better is known."""


class Fit(BaseModel):
    """``fits`` in its best format, ``smaller`` only quantized or streamed, ``slow`` if it fits but takes too long to
    work with, ``too_big``, or ``unknown``. ``slowdown`` is how many times slower streaming makes it.
    """

    model_config = ConfigDict(frozen=True)

    state: Literal["fits", "smaller", "slow", "too_big", "unknown"]
    words: str
    slowdown: float = 1.0


def memory_fit(entry: Entry, catalog: Catalog, state: protocol.DeviceState | None) -> Fit:
    """Return whether a model fits a device; ``state`` is None if the device has not reported its memory yet."""
    if entry.runtime == "ollama":
        return Fit(state="unknown", words="Ollama manages its own memory.")
    if not entry.memory or state is None:
        return Fit(state="unknown", words="Its memory needs are unknown.")
    if plannable(entry):
        return _plan(entry, catalog, state)
    room = state.total_bytes
    best, least = max(entry.memory.values()), min(entry.memory.values())
    if best * _WORK <= room:
        return Fit(state="fits", words=f"Fits: needs {size_of(best)}, this computer has {size_of(room)}.")
    if least * _WORK <= room:
        name = min(entry.memory, key=lambda precision: entry.memory[precision])
        return Fit(state="smaller", words=f"Fits as {name}: needs {size_of(least)}, this computer has {size_of(room)}.")
    return Fit(state="too_big", words=f"Too big: needs {size_of(least)}, this computer has {size_of(room)}.")


def _plan(entry: Entry, catalog: Catalog, state: protocol.DeviceState) -> Fit:
    """Return whether a model fits when it generates a picture of its best size."""
    room = MemoryBudget.of(state)
    try:
        plan = choose_plan(usual_workload(entry), catalog, room)
    except StudioError as error:
        return Fit(state="unknown", words=error.problem.what)
    needs = f"needs {needed_bytes(plan, room)}, this computer has {available_bytes(plan, room, state)}."
    if not plan.fits:
        return Fit(state="too_big", words=f"Too big: {needs}")
    state_of_plan: Literal["fits", "smaller"] = "fits" if plan.plain else "smaller"
    return Fit(state=state_of_plan, words=f"{plan.words.rstrip('.')}: {needs}", slowdown=plan.slowdown)


def needed_bytes(plan: Plan, budget: MemoryBudget) -> str:
    """Return what a plan needs of the device, or of main memory if that is too small."""
    if plan.lacks_main_memory(budget):
        return f"{size_of(plan.host_bytes)} of main memory"
    return size_of(plan.device_bytes)


def available_bytes(plan: Plan, budget: MemoryBudget, state: protocol.DeviceState) -> str:
    """Return the size of the memory that ``needed_bytes`` refers to."""
    return size_of(state.host_bytes if plan.lacks_main_memory(budget) else state.total_bytes)


def size_of(count: int) -> str:
    """Format a memory size: “23 MB”, “8.1 GB”, “24 GB”."""
    if count < 1e9:
        return f"{max(1, round(count / 1e6))} MB"
    return f"{count / 1e9:.0f} GB" if count >= 1e10 else f"{count / 1e9:.1f} GB"
