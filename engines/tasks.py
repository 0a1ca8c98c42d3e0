"""The function that runs each task, and how much work a request is."""

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Literal, NamedTuple

from engines.catalog import Catalog, Entry
from engines.enhance.tiles import megapixels_seen
from engines.host.context import Context
from engines.protocol import Input
from engines.requests import (
    AddSound,
    AssetFacts,
    CheckSpeech,
    CreateClip,
    CreateImage,
    CutClip,
    DeliverClip,
    InterpolateClip,
    JoinClips,
    PromptRequest,
    Request,
    Speak,
    UpscaleImage,
)
from engines.requests.change_clip import ChangeClip, used_seconds
from engines.requests.deliver import SIZES, named_rate
from engines.requests.video import VideoRequest
from engines.requests.writing import Write
from errors import Problem

Facts = Mapping[str, AssetFacts]

_FPS = 24


class Task(NamedTuple):
    """How a task is run.

    ``run`` is ``module:function``, imported when the first such job runs. ``units`` returns how much work a request is,
    in units that take about the same time on one model (megapixel-steps, frames, characters). ``can_yield`` says that a
    job can write a checkpoint and resume from it. ``obstacle``, also ``module:function``, returns what a request's
    model cannot do on any computer.
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


def _upscaling_units(request: Request, facts: Facts) -> float:
    """Return the megapixels that go through the network, possibly in several passes."""
    assert isinstance(request, UpscaleImage)
    picture = facts[request.image]
    size = (picture.width or 512, picture.height or 512)
    return max(0.01, megapixels_seen(size, request.target(*size)))


def _denoising_units(request: Request, facts: Facts) -> float:
    """Return megapixel-steps. A picture to change counts at most one megapixel."""
    assert isinstance(request, PromptRequest)
    if isinstance(request, CreateImage):
        megapixels = request.width * request.height / 1e6
    else:
        megapixels = min(1.0, _picture(request, facts))
    return megapixels * request.steps * getattr(request, "strength", 1.0) * request.count


def _video_units(request: Request, facts: Facts) -> float:
    """Return megapixel-frames times steps. One frame rate is assumed for all: a model's own is always the same."""
    assert isinstance(request, VideoRequest)
    if isinstance(request, CreateClip):
        megapixels = request.width * request.height / 1e6
    else:
        megapixels = min(1.0, _picture(request, facts))
    return megapixels * request.seconds * _FPS * request.steps * request.count


def _changed_video_units(request: Request, facts: Facts) -> float:
    """Return megapixel-frames times steps, as for a new clip."""
    assert isinstance(request, ChangeClip)
    frames = used_seconds(request, facts) * _FPS
    steps = request.steps * float(getattr(request, "strength", 1.0))
    return min(1.0, _megapixels(facts[request.clip])) * frames * steps * request.count


def _clip_pixels(request: Request, facts: Facts) -> float:
    clip = facts[request.asset_ids()[0]]
    return _megapixels(clip) * (clip.frames or 1)


def _new_frames(request: Request, facts: Facts) -> float:
    assert isinstance(request, InterpolateClip)
    clip = facts[request.clip]
    return _megapixels(clip) * (clip.seconds or 1) * float(request.fps)


def _delivered_frames(request: Request, facts: Facts) -> float:
    """Return megapixels that are written, of every frame."""
    assert isinstance(request, DeliverClip)
    clip = facts[request.clip]
    width, height = SIZES.get(request.size, (clip.width or 512, clip.height or 512))
    seconds = min(request.end or math.inf, clip.seconds or 1) - (request.start or 0)
    return width * height / 1e6 * max(0.1, seconds) * float(request.rate or clip.fps or _FPS)


def _cut_frames(request: Request, facts: Facts) -> float:
    """Return megapixels that are written, of every frame."""
    assert isinstance(request, CutClip)
    clip = facts[request.clip]
    seconds = min(request.end or math.inf, clip.seconds or 1) - (request.start or 0)
    return _megapixels(clip) * max(0.1, seconds) * (clip.fps or _FPS) / request.speed * request.loop


def _joined_frames(request: Request, facts: Facts) -> float:
    """Return megapixels that are written, of every frame."""
    assert isinstance(request, JoinClips)
    first = facts[request.clips[0]]
    width, height = SIZES.get(request.size, (first.width or 512, first.height or 512))
    seconds = sum(facts[clip].seconds or 1 for clip in request.clips)
    return width * height / 1e6 * seconds * float(named_rate(request.fps) or first.fps or _FPS)


def _clip_seconds(request: Request, facts: Facts) -> float:
    assert isinstance(request, AddSound)
    return facts[request.clip].seconds or 1


def _characters(request: Request, facts: Facts) -> float:
    assert isinstance(request, Speak)
    return len(request.text) / request.speed


def _sound_seconds(request: Request, facts: Facts) -> float:
    assert isinstance(request, CheckSpeech)
    return facts[request.sound].seconds or 1


def _tokens(request: Request, facts: Facts) -> float:
    """Return tokens: one read counts a tenth of one written, and answers are seldom as long as they may be."""
    assert isinstance(request, Write)
    letters = sum(len(turn.text) for turn in request.messages) + sum(file.bytes for file in facts.values()) / 10
    return letters / 40 + min(request.max_tokens, 300)


def _one_unit(request: Request, facts: Facts) -> float:
    return 1.0


_HELP = "engines.diffusion.auxiliary_models:obstacle"
_FIRST = "engines.video.first_frame:obstacle"

TASKS: dict[str, Task] = {
    "create_image": Task(
        "engines.image.generate:generate_image", "image", "Generating a picture", _denoising_units, obstacle=_HELP
    ),
    "change_image": Task(
        "engines.image.generate:generate_image", "image", "Changing a picture", _denoising_units, obstacle=_HELP
    ),
    "edit_image": Task(
        "engines.image.generate:generate_image", "image", "Editing a picture", _denoising_units, obstacle=_HELP
    ),
    "fill_image": Task(
        "engines.image.generate:generate_image", "image", "Inpainting", _denoising_units, obstacle=_HELP
    ),
    "extend_image": Task(
        "engines.image.generate:generate_image", "image", "Extending a picture", _denoising_units, obstacle=_HELP
    ),
    "upscale_image": Task(
        "engines.enhance.image_tasks:upscale_image", "image", "Enlarging a picture", _upscaling_units, can_yield=True
    ),
    "cut_out": Task("engines.enhance.image_tasks:cut_out", "image", "Removing a background", _picture),
    "stylize_image": Task("engines.enhance.image_tasks:stylize_image", "image", "Restyling a picture", _picture),
    "create_clip": Task(
        "engines.video.generate:generate_clip", "video", "Generating a clip", _video_units, obstacle=_FIRST
    ),
    "animate_image": Task(
        "engines.video.generate:generate_clip", "video", "Animating a picture", _video_units, obstacle=_FIRST
    ),
    "continue_clip": Task(
        "engines.video.generate:generate_clip", "video", "Continuing a clip", _video_units, obstacle=_FIRST
    ),
    "restyle_clip": Task("engines.video.generate:generate_clip", "video", "Restyling a clip", _changed_video_units),
    "edit_clip": Task("engines.video.generate:generate_clip", "video", "Editing a clip", _changed_video_units),
    "fill_clip": Task("engines.video.generate:generate_clip", "video", "Filling a clip", _changed_video_units),
    "extend_clip": Task("engines.video.generate:generate_clip", "video", "Extending a clip", _changed_video_units),
    "upscale_clip": Task(
        "engines.enhance.video_tasks:upscale_clip", "video", "Enlarging a clip", _clip_pixels, can_yield=True
    ),
    "interpolate_clip": Task(
        "engines.enhance.video_tasks:interpolate_clip", "video", "Changing a frame rate", _new_frames, can_yield=True
    ),
    "cut_clip": Task("engines.video.finish.cut:cut_clip", "video", "Cutting a clip", _cut_frames),
    "join_clips": Task("engines.video.finish.join:join_clips", "video", "Joining clips", _joined_frames),
    "grade_clip": Task("engines.video.finish.grade:grade_clip", "video", "Grading a clip", _clip_pixels),
    "add_sound": Task("engines.video.finish.add_sound:add_sound", "video", "Adding a sound", _clip_seconds),
    "deliver_clip": Task("engines.video.finish.deliver:deliver_clip", "video", "Writing a delivery", _delivered_frames),
    "check_speech": Task("engines.speech.check_task:check_speech", "audio", "Checking a recording", _sound_seconds),
    "speak": Task("engines.speech.speak_task:speak", "audio", "Generating a voice-over", _characters),
    "write": Task(
        "engines.language.write_task:write",
        "writing",
        "Writing",
        _tokens,
        obstacle="engines.language.write_task:obstacle",
    ),
    "fetch_model": Task("engines.hub:fetch_model", "models", "Downloading", _one_unit, "batch", can_yield=True),
    "fetch_lora": Task("engines.hub:fetch_lora", "models", "Downloading", _one_unit, "batch", can_yield=True),
}


def runner(task: str) -> Callable[[Request, Context], None]:
    """Return the function that runs a task."""
    function: Callable[[Request, Context], None] = _entry_point(TASKS[task].run)
    return function


def obstacle(request: Request, entry: Entry, catalog: Catalog, files: Mapping[str, Input]) -> Problem | None:
    """Return what a request's model cannot do on any computer; None if there is no obstacle."""
    look = TASKS[request.task].obstacle
    problem: Problem | None = _entry_point(look)(request, entry, catalog, files) if look else None
    return problem


def _entry_point(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
