"""Generate the first frame of a clip with an image model, for video models that can only animate pictures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engines.catalog import Catalog, Entry
from engines.diffusion import auxiliary_models
from engines.families.storybook.prompts import still
from engines.host.context import Context
from engines.image import generate
from engines.protocol import Input
from engines.requests import CreateClip, CreateImage, Request
from engines.requests.timed_prompt import timed_prompts
from engines.requests.video import VideoRequest
from errors import Problem, StudioError

if TYPE_CHECKING:
    from PIL.Image import Image


def image_model(request: VideoRequest, entry: Entry, catalog: Catalog) -> Entry | None:
    """Return the image model for the first frame of a request; None if it has a first frame or needs none.

    Raises StudioError ``needs_helper`` (422) if it is not installed.
    """
    named = entry.options.get("first_frame_with")
    if not named or not isinstance(request, CreateClip):
        return None
    entry_named = catalog.get(named)
    if not catalog.installed(entry_named):
        raise StudioError(
            "needs_helper",
            f"{entry.name} needs {entry_named.name} for this.",
            "It only animates pictures; the other model generates the first frame, and it is not installed.",
            f"Download “{entry_named.name}” on the Models page, or animate a picture.",
            status=422,
        )
    return entry_named


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Return the problem of a missing image or helper model; None if nothing is missing."""
    assert isinstance(request, VideoRequest)
    try:
        image_model(request, entry, catalog)
    except StudioError as error:
        return error.problem
    return auxiliary_models.obstacle(request, entry, catalog, files)


def generate_first_frames(request: CreateClip, by: Entry, context: Context, followed_by: int) -> "list[Image]":
    """Generate a first frame for each clip of a request, from its prompt without the words about motion and with the
    same seeds. The job has ``followed_by`` steps after that."""
    beginning = request.model_copy(update={"prompt": timed_prompts(request.prompt)[0].prompt})
    image_request = CreateImage(
        model=by.id,
        prompt=still(beginning, context.entry),
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        count=request.count,
        seed=request.seed,
    )
    ready = context.catalog.prepare(image_request, {})
    assert isinstance(ready, CreateImage)
    with context.sub_job(ready, followed_by=followed_by):
        return [result.picture for result in generate.generate_images(ready, context)]
