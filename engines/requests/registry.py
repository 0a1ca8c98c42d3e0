"""Every request by its task: parsed strictly from people and scripts, leniently from the studio's own storage."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from engines.requests.base import Request
from engines.requests.change_clip import EditClip, ExtendClip, FillClip, RestyleClip
from engines.requests.deliver import DeliverClip
from engines.requests.enhance import CutOut, StylizeImage, UpscaleImage
from engines.requests.finish import AddSound, CutClip, GradeClip, JoinClips
from engines.requests.hub import FetchLora, FetchModel
from engines.requests.image import ChangeImage, CreateImage, EditImage, ExtendImage, FillImage
from engines.requests.speech import CheckSpeech, Speak
from engines.requests.video import AnimateImage, ContinueClip, CreateClip, InterpolateClip, UpscaleClip
from engines.requests.writing import Write
from errors import StudioError, reason

_ALL: tuple[type[Request], ...] = (
    CreateImage,
    ChangeImage,
    EditImage,
    FillImage,
    ExtendImage,
    UpscaleImage,
    CutOut,
    StylizeImage,
    CreateClip,
    AnimateImage,
    ContinueClip,
    RestyleClip,
    EditClip,
    FillClip,
    ExtendClip,
    UpscaleClip,
    InterpolateClip,
    CutClip,
    JoinClips,
    GradeClip,
    AddSound,
    DeliverClip,
    Speak,
    CheckSpeech,
    Write,
    FetchModel,
    FetchLora,
)
REQUESTS: dict[str, type[Request]] = {request.model_fields["task"].default: request for request in _ALL}


def parse(data: Mapping[str, Any], *, titled: bool = True) -> Request:
    """Parse a request from outside.

    Raises StudioError naming the first invalid field: by its title as shown on the page, or by its name.
    """
    kind = _kind(data)
    try:
        return kind.model_validate(dict(data))
    except ValidationError as error:
        raise _first(kind, error, titled) from error


def from_storage(data: Mapping[str, Any]) -> Request:
    """Parse a request that this or another version of the studio wrote. Unknown fields are ignored; one without a
    version is of the first."""
    kind = _kind(data)
    try:
        return kind.model_validate({"version": 1} | {name: data[name] for name in kind.model_fields if name in data})
    except ValidationError as error:
        raise _first(kind, error, titled=True) from error


def _kind(data: Mapping[str, Any]) -> type[Request]:
    task = data.get("task")
    if not isinstance(task, str) or task not in REQUESTS:
        raise StudioError(
            "unknown_task",
            f"There is no task “{str(task)[:60]}”." if task else "The request names no task.",
            next=f"Known tasks: {', '.join(REQUESTS)}.",
            status=422,
        )
    return REQUESTS[task]


def _first(kind: type[Request], error: ValidationError, titled: bool) -> StudioError:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "request"
    field = kind.model_fields.get(name)
    label = (field.title if field and titled else None) or name
    known = ", ".join(kind.model_fields)
    if first["type"] == "extra_forbidden":
        return StudioError("unknown_field", f"There is no field “{name[:60]}”.", next=f"Fields: {known}.", status=422)
    if first["type"] in ("missing", "string_too_short"):
        if titled:
            what = f"{label} first." if name == "prompt" else f"Fill in “{label}” first."
            return StudioError("empty_field", what, status=422, field=name)
        empty = f"“{label}” is empty."
        return StudioError("empty_field", empty, next="Fill it in and try again.", status=422, field=name)
    return StudioError(
        "bad_value",
        f"Invalid value for “{label}”.",
        reason(first),
        "Change it and try again.",
        status=422,
        field=name,
    )
