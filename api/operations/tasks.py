"""The most common tasks as endpoints of their own for ``gradio_client``; ``options`` are more fields."""

from typing import Any, Literal

from api.operations.registry import Absent, Json, Operations
from api.principal import Who
from engines.requests import parse
from errors import StudioError
from jobs.views import JobView
from studio import Studio

Improvement = Literal["upscale", "cut_out", "stylize", "interpolate"]
ClipChange = Literal["restyle", "edit", "fill", "extend"]

_IMPROVE: dict[tuple[str, str], tuple[str, str]] = {
    ("upscale", "image"): ("upscale_image", "image"),
    ("cut_out", "image"): ("cut_out", "image"),
    ("stylize", "image"): ("stylize_image", "image"),
    ("upscale", "clip"): ("upscale_clip", "clip"),
    ("interpolate", "clip"): ("interpolate_clip", "clip"),
}
"""(operation, kind of asset) -> (task, the request's field for the asset)."""

operations = Operations()


def _ask(studio: Studio, who: Who, task: str, options: Json | None, project_id: str | None, **fields: Any) -> JobView:
    request = parse({**(options or {}), "task": task, **fields}, titled=False)
    return studio.jobs.submit(who, request, project_id=project_id)


@operations.add(Absent.SHORT)
def create_image(
    studio: Studio, who: Who, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Generate a picture from a prompt; options: more fields (width, height, count, references, seed, model, …)."""
    return _ask(studio, who, "create_image", options, project_id, prompt=prompt)


@operations.add(Absent.SHORT)
def change_image(
    studio: Studio, who: Who, asset_id: str, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Generate a variation of a picture; options: strength (0 to 1) and more fields."""
    return _ask(studio, who, "change_image", options, project_id, image=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def edit_image(
    studio: Studio, who: Who, asset_id: str, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Edit a picture by describing the change; options: references, mask and more fields."""
    return _ask(studio, who, "edit_image", options, project_id, image=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def fill_image(
    studio: Studio,
    who: Who,
    asset_id: str,
    mask_id: str,
    prompt: str,
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Replace the white part of a mask; options: feather, strength and more fields."""
    return _ask(studio, who, "fill_image", options, project_id, image=asset_id, mask=mask_id, prompt=prompt)


@operations.add(Absent.SHORT)
def extend_image(
    studio: Studio, who: Who, asset_id: str, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Extend a picture beyond its edges; options: left, right, top, bottom (px) and more fields."""
    return _ask(studio, who, "extend_image", options, project_id, image=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def create_clip(
    studio: Studio, who: Who, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Generate a clip from a prompt; options: more fields (seconds, width, height, count, seed, model, …)."""
    return _ask(studio, who, "create_clip", options, project_id, prompt=prompt)


@operations.add(Absent.SHORT)
def animate_image(
    studio: Studio, who: Who, asset_id: str, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Animate a picture, which becomes the clip's first frame; options: seconds and more fields."""
    return _ask(studio, who, "animate_image", options, project_id, image=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def continue_clip(
    studio: Studio, who: Who, asset_id: str, prompt: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Continue a clip from its last frame; options: seconds, join, last_image and more fields."""
    return _ask(studio, who, "continue_clip", options, project_id, clip=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def change_clip(
    studio: Studio,
    who: Who,
    operation: ClipChange,
    asset_id: str,
    prompt: str,
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Change a clip with a model; options: strength (restyle), mask or mask_clip (fill), aspect (extend), …"""
    return _ask(studio, who, f"{operation}_clip", options, project_id, clip=asset_id, prompt=prompt)


@operations.add(Absent.SHORT)
def enhance(
    studio: Studio,
    who: Who,
    operation: Improvement,
    asset_id: str,
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Enhance a picture (upscale, cut_out, stylize) or a clip (upscale, interpolate); options: more fields."""
    kind = studio.library.get(who, asset_id).kind
    if (operation, kind) not in _IMPROVE:
        possible = ", ".join(name for name, of in _IMPROVE if of == kind) or "nothing"
        what = f"“{operation}” does not work on this {kind}."
        raise StudioError("wrong_kind", what, next=f"Possible operations: {possible}.", status=422)
    task, field = _IMPROVE[operation, kind]
    return _ask(studio, who, task, options, project_id, **{field: asset_id})


@operations.add(Absent.SHORT)
def cut_clip(
    studio: Studio, who: Who, asset_id: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Cut a clip; options: start, end (s), speed, reverse, loop, aspect, position, fade_in, fade_out (s), format."""
    return _ask(studio, who, "cut_clip", options, project_id, clip=asset_id)


@operations.add(Absent.SHORT)
def join_clips(
    studio: Studio, who: Who, asset_ids: list[str], options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Join clips in order; options: dissolve (s), dissolves, size, fps, framing, format."""
    return _ask(studio, who, "join_clips", options, project_id, clips=asset_ids)


@operations.add(Absent.SHORT)
def grade_clip(
    studio: Studio, who: Who, asset_id: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Grade a clip; options: exposure (stops), temperature, tint, contrast, saturation, lut, grain and more fields."""
    return _ask(studio, who, "grade_clip", options, project_id, clip=asset_id)


@operations.add(Absent.SHORT)
def add_sound(
    studio: Studio,
    who: Who,
    asset_id: str,
    sound_id: str,
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Put a sound under a clip; options: mode (mix, replace), offset (s), gain (dB), clip_gain, fade_out (s)."""
    return _ask(studio, who, "add_sound", options, project_id, clip=asset_id, sound=sound_id)


@operations.add(Absent.SHORT)
def deliver_clip(
    studio: Studio, who: Who, asset_id: str, options: Json | None = None, project_id: str | None = None
) -> JobView:
    """Convert a clip for editing or for a client; options: format, fps, motion, size, framing, lut, start, end (s)."""
    return _ask(studio, who, "deliver_clip", options, project_id, clip=asset_id)


@operations.add(Absent.SHORT)
def speak(
    studio: Studio,
    who: Who,
    text: str,
    voice: str = "clara",
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Generate a voice-over of a text; options: more fields (speed, format, loudness, …)."""
    return _ask(studio, who, "speak", options, project_id, text=text, voice=voice)


@operations.add(Absent.SHORT)
def write(
    studio: Studio,
    who: Who,
    prompt: str,
    model: str | None = None,
    options: Json | None = None,
    project_id: str | None = None,
) -> JobView:
    """Get an answer from a language model; options: more fields (earlier messages, temperature, max_tokens, …)."""
    earlier = (options or {}).get("messages") or []
    if not isinstance(earlier, list):
        raise StudioError("bad_value", "Invalid value for “messages”.", "A list is expected.", status=422)
    messages = [*earlier, {"role": "user", "text": prompt}]
    return _ask(studio, who, "write", options, project_id, model=model, messages=messages)
