"""Which function does which task, and how much work a request is."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal, NamedTuple

from engines.catalog import Catalog, Entry
from engines.context import Context
from engines.enhance.tiles import megapixels_seen
from engines.requests import (
    AssetFacts,
    CheckSpeech,
    CreateClip,
    CreateImage,
    Drawing,
    InterpolateClip,
    Request,
    Speak,
    UpscaleImage,
)
from engines.requests.video import Filming
from engines.requests.writing import Write
from engines.wire import Input
from errors import Problem

Facts = Mapping[str, AssetFacts]

_FPS = 24


class Task(NamedTuple):
    """How a task is run.

    ``run`` is ``module:function``, imported when the first such job runs; ``units`` says how much work a request
    is, in units that take about the same time on one model (megapixel-steps, frames, characters);
    ``can_yield`` says that a job can leave a checkpoint and go on from it; ``obstacle``, also ``module:function``,
    finds what of a request cannot be done by its model whatever the machine.
    """

    run: str
    medium: Literal["image", "video", "audio", "writing", "models"]
    doing: str
    units: Callable[[Request, Facts], float]
    priority: Literal["interactive", "batch", "training"] = "interactive"
    can_yield: bool = False
    obstacle: str = ""


def _megapixels(facts: AssetFacts) -> float:
    return (facts.width or 512) * (facts.height or 512) / 1e6


def _picture(request: Request, facts: Facts) -> float:
    return _megapixels(facts[request.asset_ids()[0]])


def _enlarging(request: Request, facts: Facts) -> float:
    """Megapixels that go through the network, which may be more often than once."""
    assert isinstance(request, UpscaleImage)
    picture = facts[request.image]
    size = (picture.width or 512, picture.height or 512)
    return max(0.01, megapixels_seen(size, request.target(*size)))


def _denoising(request: Request, facts: Facts) -> float:
    """Megapixel-steps, of what is worked on: a picture that is changed counts no more than a large one that is made."""
    assert isinstance(request, Drawing)
    if isinstance(request, CreateImage):
        megapixels = request.width * request.height / 1e6
    else:
        megapixels = min(1.0, _picture(request, facts))
    return megapixels * request.steps * getattr(request, "strength", 1.0) * request.count


def _filming(request: Request, facts: Facts) -> float:
    """Megapixel-frames times steps. A model has its own frame rate, the same each time: one stands for all."""
    assert isinstance(request, Filming)
    if isinstance(request, CreateClip):
        megapixels = request.width * request.height / 1e6
    else:
        megapixels = min(1.0, _picture(request, facts))
    return megapixels * request.seconds * _FPS * request.steps * request.count


def _clip_pixels(request: Request, facts: Facts) -> float:
    clip = facts[request.asset_ids()[0]]
    return _megapixels(clip) * (clip.frames or 1)


def _new_frames(request: Request, facts: Facts) -> float:
    assert isinstance(request, InterpolateClip)
    clip = facts[request.clip]
    return _megapixels(clip) * (clip.seconds or 1) * request.fps


def _characters(request: Request, facts: Facts) -> float:
    assert isinstance(request, Speak)
    return len(request.text) / request.speed


def _seconds_heard(request: Request, facts: Facts) -> float:
    assert isinstance(request, CheckSpeech)
    return facts[request.sound].seconds or 1


def _tokens(request: Request, facts: Facts) -> float:
    """What is to be read counts a tenth of what is written, which is seldom as long as it may be."""
    assert isinstance(request, Write)
    letters = sum(len(turn.text) for turn in request.messages) + sum(file.bytes for file in facts.values()) / 10
    return letters / 40 + min(request.max_tokens, 300)


def _one(request: Request, facts: Facts) -> float:
    return 1.0


_HELP = "engines.image.helping:obstacle"
_FIRST = "engines.video.first_frame:obstacle"

TASKS: dict[str, Task] = {
    "create_image": Task("engines.image.making:make_image", "image", "Making a picture", _denoising, obstacle=_HELP),
    "change_image": Task("engines.image.making:make_image", "image", "Changing a picture", _denoising, obstacle=_HELP),
    "edit_image": Task("engines.image.making:make_image", "image", "Editing a picture", _denoising, obstacle=_HELP),
    "fill_image": Task("engines.image.making:make_image", "image", "Filling in", _denoising, obstacle=_HELP),
    "extend_image": Task("engines.image.making:make_image", "image", "Extending a picture", _denoising, obstacle=_HELP),
    "upscale_image": Task("engines.enhance.picture:upscale_image", "image", "Enlarging a picture", _enlarging),
    "cut_out": Task("engines.enhance.picture:cut_out", "image", "Cutting out", _picture),
    "stylize_image": Task("engines.enhance.picture:stylize_image", "image", "Restyling a picture", _picture),
    "create_clip": Task("engines.video.making:make_clip", "video", "Making a clip", _filming, obstacle=_FIRST),
    "animate_image": Task("engines.video.making:make_clip", "video", "Animating a picture", _filming, obstacle=_FIRST),
    "upscale_clip": Task(
        "engines.enhance.clip:upscale_clip", "video", "Enlarging a clip", _clip_pixels, can_yield=True
    ),
    "interpolate_clip": Task(
        "engines.enhance.clip:interpolate_clip", "video", "Smoothing a clip", _new_frames, can_yield=True
    ),
    "check_speech": Task("engines.speech.checking:check_speech", "audio", "Checking the words", _seconds_heard),
    "speak": Task("engines.speech.speaking:speak", "audio", "Speaking", _characters),
    "write": Task(
        "engines.language.writing:write",
        "writing",
        "Writing",
        _tokens,
        obstacle="engines.language.writing:obstacle",
    ),
    "fetch_model": Task("engines.hub:fetch_model", "models", "Downloading", _one, "batch", can_yield=True),
    "fetch_lora": Task("engines.hub:fetch_lora", "models", "Downloading", _one, "batch", can_yield=True),
}


def runner(task: str) -> Callable[[Request, Context], None]:
    """The function that does a task."""
    function: Callable[[Request, Context], None] = _found(TASKS[task].run)
    return function


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """What of a request its model cannot do, whatever the machine; None where nothing is in the way."""
    look = TASKS[request.task].obstacle
    problem: Problem | None = _found(look)(request, entry, catalog, files) if look else None
    return problem


def _found(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
