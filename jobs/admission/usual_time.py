"""How long a model takes for one usual result on this computer, and whether that is too slow to work with."""

from collections.abc import Callable
from typing import Any

from engines.catalog import Entry
from engines.memory_fit import Fit
from engines.requests import REQUESTS, AssetFacts, parse
from engines.tasks import TASKS
from errors import StudioError
from jobs import wording
from jobs.queue.live_job import Expected

_PATIENCE = {"image": (120.0, "picture"), "video": (900.0, "clip"), "writing": (120.0, "answer")}
"""From how many seconds on one result of a medium is slow, and its name."""
_PICTURE = "0" * 32
_CLIP = "1" * 32
_FACTS = {
    _PICTURE: AssetFacts(kind="image", mime="image/png", bytes=1, width=1024, height=1024),
    _CLIP: AssetFacts(kind="clip", mime="video/mp4", bytes=1, width=1280, height=720),
}
_USUAL: dict[str, dict[str, Any]] = {
    "create_image": {"prompt": "a house"},
    "edit_image": {"prompt": "a house", "image": _PICTURE},
    "create_clip": {"prompt": "a house"},
    "animate_image": {"prompt": "a house", "image": _PICTURE},
    "edit_clip": {"prompt": "a house", "clip": _CLIP},
    "write": {"messages": [{"role": "user", "text": "Write a page."}]},
}
"""The request for a usual result of each task, without the model's own defaults."""


def timed_fit(fit: Fit, entry: Entry, expect: Callable[[str, str, float], Expected]) -> Fit:
    """Add the time for one usual result to whether a model fits; if that is too long, it runs ``slow``."""
    known = _usual_units(entry) if fit.state in ("fits", "smaller") else None
    if known is None:
        return fit
    task, units = known
    expected = expect(task, entry.id, units)
    seconds = expected.run * (1 if expected.learned else fit.slowdown)
    head, _, needs = fit.words.partition(": ")
    if not is_slow(task, seconds):
        return fit.model_copy(update={"words": f"{head}: {each(task, seconds)}. It {needs}"})
    return fit.model_copy(update={"state": "slow", "words": f"Runs, but slowly: {each(task, seconds)}. It {needs}"})


def is_slow(task: str, seconds: float) -> bool:
    """Whether one result of a task takes too long to work with."""
    limit, _ = _PATIENCE.get(TASKS[task].medium, (float("inf"), ""))
    return seconds > limit


def each(task: str, seconds: float) -> str:
    """Return a result's time: “about 20 min per picture”."""
    return f"{wording.about(seconds)} per {_PATIENCE[TASKS[task].medium][1]}"


def _usual_units(entry: Entry) -> tuple[str, float] | None:
    """Return the task of a usual result and its units of work; None for other tasks."""
    task = next((task for task in entry.tasks if task in _USUAL), None)
    if task is None:
        return None
    own = {**entry.defaults, **entry.task_defaults.get(task, {})}
    fields = {name: value for name, value in own.items() if name in REQUESTS[task].model_fields}
    try:
        request = parse({**_USUAL[task], **fields, "task": task})
    except StudioError:
        return None
    facts = {id: _FACTS[id] for id in request.asset_ids()}
    return task, TASKS[task].units(request, facts)
