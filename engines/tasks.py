"""Which function does which task, and how much work a request is."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Literal, NamedTuple

from engines.context import Context
from engines.requests import AssetFacts, CreateImage, InterpolateClip, Request, Speak

Facts = Mapping[str, AssetFacts]


class Task(NamedTuple):
    """How a task is run.

    ``run`` is ``module:function``, imported when the first such job runs; ``units`` says how much work a request
    is, in units that take about the same time on one model (megapixel-steps, frames, characters);
    ``can_yield`` says that a job can leave a checkpoint and go on from it.
    """

    run: str
    medium: Literal["image", "video", "audio"]
    doing: str
    units: Callable[[Request, Facts], float]
    priority: Literal["interactive", "batch", "training"] = "interactive"
    can_yield: bool = False


def _megapixels(facts: AssetFacts) -> float:
    return (facts.width or 512) * (facts.height or 512) / 1e6


def _picture(request: Request, facts: Facts) -> float:
    return _megapixels(facts[request.asset_ids()[0]])


def _denoising(request: Request, facts: Facts) -> float:
    assert isinstance(request, CreateImage)
    return request.width * request.height / 1e6 * request.steps


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


TASKS: dict[str, Task] = {
    "create_image": Task("engines.image:create_image", "image", "Making a picture", _denoising),
    "upscale_image": Task("engines.enhance.picture:upscale_image", "image", "Enlarging a picture", _picture),
    "cut_out": Task("engines.enhance.picture:cut_out", "image", "Cutting out", _picture),
    "stylize_image": Task("engines.enhance.picture:stylize_image", "image", "Restyling a picture", _picture),
    "upscale_clip": Task(
        "engines.enhance.clip:upscale_clip", "video", "Enlarging a clip", _clip_pixels, can_yield=True
    ),
    "interpolate_clip": Task(
        "engines.enhance.clip:interpolate_clip", "video", "Smoothing a clip", _new_frames, can_yield=True
    ),
    "speak": Task("engines.speech:speak", "audio", "Speaking", _characters),
}


def runner(task: str) -> Callable[[Request, Context], None]:
    """The function that does a task."""
    module, name = TASKS[task].run.split(":")
    function: Callable[[Request, Context], None] = getattr(import_module(module), name)
    return function
