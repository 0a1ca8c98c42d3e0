"""The first frame of a clip made from words, where a model only lets pictures move: another model draws it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engines.catalog import Catalog, Entry
from engines.context import Context
from engines.image import helping, making
from engines.requests import CreateClip, CreateImage, Request
from engines.requests.video import Filming
from engines.sketching import still
from engines.wire import Input
from errors import Problem, StudioError

if TYPE_CHECKING:
    from PIL.Image import Image


def artist(request: Filming, entry: Entry, catalog: Catalog) -> Entry | None:
    """The model that draws the first frame of a request; None where there is one already, or none is needed.

    Raises StudioError ``needs_helper`` (422) where it is not on this machine.
    """
    named = entry.options.get("first_frame_with")
    if not named or not isinstance(request, CreateClip):
        return None
    found = catalog.get(named)
    if not catalog.installed(found):
        raise StudioError(
            "needs_helper",
            f"{entry.name} needs {found.name} for that.",
            "It lets pictures move; the first one is drawn by that model, which is not on this machine.",
            f"Get “{found.name}” on the Models page, or animate a picture.",
            status=422,
        )
    return found


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Which other model a clip lacks; None where nothing is in the way."""
    assert isinstance(request, Filming)
    try:
        artist(request, entry, catalog)
    except StudioError as error:
        return error.problem
    return helping.obstacle(request, entry, catalog, files)


def drawn(request: CreateClip, by: Entry, context: Context) -> "list[Image]":
    """A first frame for each clip of a request: from the same words, without those of motion, and the same seeds."""
    asked = CreateImage(
        model=by.id,
        prompt=still(request, context.entry),
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        count=request.count,
        seed=request.seed,
    )
    ready = context.catalog.prepare(asked, {})
    assert isinstance(ready, CreateImage)
    with context.standing_in(ready, followed_by=request.count * request.steps):
        return [made.picture for made in making.drawn(ready, context)]
