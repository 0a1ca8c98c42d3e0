"""Resolve a request for the model that will run it, or say in one sentence why it does not fit."""

import random
from collections.abc import Mapping

from engines.catalog.clip_validation import check_clip_change
from engines.catalog.entry import Entry
from engines.loras import families
from engines.requests import (
    AnimateImage,
    AssetFacts,
    ContinueClip,
    CreateClip,
    CreateImage,
    ExtendImage,
    Kind,
    Request,
    VideoRequest,
    parse,
)
from engines.requests.base import MAX_SEED, SEQUENCE_MIME
from engines.requests.change_clip import ChangeClip, FillClip
from engines.requests.timed_prompt import timed_prompts
from errors import StudioError

_LARGEST: dict[Kind, tuple[int, int]] = {"image": (30_000, 100_000_000), "clip": (8192, 36_000_000)}
"""The longest side and the most pixels a result may have, in px."""

_KINDS: dict[Kind, str] = {
    "image": "a picture",
    "clip": "a clip",
    "sound": "a sound",
    "subtitles": "subtitles",
    "document": "a document",
    "lora": "a LoRA",
    "lut": "a LUT",
}


def resolve_request(request: Request, entry: Entry, facts: Mapping[str, AssetFacts]) -> Request:
    """Return the request with model, seed and defaults filled in. Raises StudioError (422) if it cannot be run."""
    defaults = {**entry.defaults, **entry.task_defaults.get(request.task, {})}
    empty = {name for name in defaults if getattr(request, name, None) == ""}  # a form sends an empty field as ""
    open_fields = (type(request).model_fields.keys() - request.model_fields_set) | empty
    changes = {name: default for name, default in defaults.items() if name in open_fields}
    changes["model"] = entry.id
    if "seed" in type(request).model_fields and getattr(request, "seed", None) is None:
        changes["seed"] = random.SystemRandom().randint(0, MAX_SEED)
    ready = parse({**request.model_dump(), **changes})
    _check_prompt(ready, entry)
    _check_choices(ready, entry)
    _check_bounds(ready, entry)
    _check_assets(ready, facts)
    _check_loras(ready, entry, facts)
    _check_size(ready, facts)
    _check_area(ready, entry)
    _check_sides(ready, facts)
    check_clip_change(ready, facts)
    _check_guides(ready, entry)
    _check_times(ready, entry)
    return ready


def _label(request: Request, name: str) -> str:
    return type(request).model_fields[name].title or name


def _wrong(code: str, what: str, why: str = "", next: str = "") -> StudioError:
    return StudioError(code, what, why, next, status=422)


def _check_prompt(request: Request, entry: Entry) -> None:
    if isinstance(request, AnimateImage | ContinueClip) and entry.takes_prompt and not request.prompt:
        what = f"{_label(request, 'prompt')} first."
        raise StudioError("empty_field", what, f"{entry.name} needs a prompt.", status=422, field="prompt")


def _check_choices(request: Request, entry: Entry) -> None:
    for name, choices in entry.choices.items():
        value = getattr(request, name, None)
        if name in type(request).model_fields and value not in {choice.value for choice in choices}:
            known = ", ".join(str(choice.value) for choice in choices)
            raise _wrong(
                "bad_value",
                f"“{str(value)[:60]}” is not a {_label(request, name).lower()}.",
                f"{entry.name} offers: {known}.",
                "Choose one of these.",
            )


def _check_bounds(request: Request, entry: Entry) -> None:
    for name, (low, high, multiple) in entry.bounds.items():
        value = getattr(request, name, None)
        in_parts = name == "seconds" and not isinstance(request, ChangeClip)
        if value is None or (in_parts and high < value <= entry.longest):
            continue
        off_grid = multiple > 0 and abs((value - low) / multiple - round((value - low) / multiple)) > 1e-6
        if not low <= value <= high or off_grid:
            steps = f" in steps of {multiple:g}" if multiple > 0 else ""
            accepted = f"{low:g} to {high:g}{steps}" if low < high else f"only {low:g}"
            raise _wrong(
                "bad_value",
                f"“{_label(request, name)}” cannot be {value:g}.",
                f"{entry.name} accepts {accepted}.",
                "Change it and try again.",
            )


def _check_assets(request: Request, facts: Mapping[str, AssetFacts]) -> None:
    for id, kind, field in request.asset_inputs():
        if id not in facts:
            raise StudioError(
                "not_found", "There is no such file.", "It was deleted, or it belongs to someone else.", status=404
            )
        if facts[id].kind != kind:
            raise _wrong(
                "wrong_kind",
                f"“{_label(request, field)}” takes {_KINDS[kind]}, but this is {_KINDS[facts[id].kind]}.",
                next="Choose another file.",
            )
        if kind == "clip" and facts[id].mime == SEQUENCE_MIME:
            raise _wrong(
                "image_sequence",
                f"“{facts[id].title or 'This clip'}” is an image sequence.",
                "It was made for another program.",
                "Use the clip that it was made from.",
            )


def _check_loras(request: Request, entry: Entry, facts: Mapping[str, AssetFacts]) -> None:
    """A LoRA must be usable and fit the model's family."""
    for id in (one.id for one in request.asset_inputs() if one.kind == "lora"):
        known, title = facts[id], facts[id].title or "This"
        if known.lora and known.lora.obstacle:
            raise _wrong("unusable_lora", f"“{title}” cannot be used.", known.lora.obstacle, "Remove it.")
        if entry.lora_family is None:
            raise _wrong(
                "no_loras", f"{entry.name} does not support LoRAs.", next="Remove them, or choose another model."
            )
        if known.family not in families.readable(entry.lora_family):
            raise _wrong(
                "wrong_family",
                f"“{title}” is a LoRA for {families.name(known.family)}, "
                f"but {entry.name} uses LoRAs for {families.name(entry.lora_family)}.",
                next="Choose a LoRA that fits, or another model.",
            )


def _check_size(request: Request, facts: Mapping[str, AssetFacts]) -> None:
    """An enlarged picture or clip must not be too large to write and open."""
    scale = getattr(request, "scale", 1)
    if getattr(request, "long_side", None):  # limited by its own bounds
        return
    for asset in request.asset_ids():
        width, height = facts[asset].width or 0, facts[asset].height or 0
        side, pixels = _LARGEST.get(facts[asset].kind, (0, 0))
        if scale == 1 or not side:
            continue
        if max(width, height) * scale > side or width * height * scale**2 > pixels:
            raise _wrong(
                "too_large",
                f"The result would be too large: {width * scale:,} × {height * scale:,} px.",
                f"It may have at most {side:,} px per side and {pixels // 1_000_000} megapixels.",
                "Choose a smaller factor.",
            )


def _check_area(request: Request, entry: Entry) -> None:
    if not isinstance(request, CreateImage) or not 0 < entry.most_pixels < request.width * request.height:
        return
    raise _wrong(
        "too_large",
        f"{request.width:,} × {request.height:,} px is too large for {entry.name}.",
        f"Above {entry.most_pixels / 1e6:.1f} megapixels it repeats its subject.",
        "Choose a smaller size, then enlarge the result.",
    )


def _check_sides(request: Request, facts: Mapping[str, AssetFacts]) -> None:
    """An extended picture must grow on at least one side, and must not be too large to write and open."""
    if not isinstance(request, ExtendImage):
        return
    if not (request.left or request.right or request.top or request.bottom):
        raise _wrong(
            "no_sides",
            "No side is chosen.",
            "The picture would keep its size.",
            "Choose at least one side, and how much to add there.",
        )
    width = (facts[request.image].width or 0) + request.left + request.right
    height = (facts[request.image].height or 0) + request.top + request.bottom
    side, pixels = _LARGEST["image"]
    if max(width, height) > side or width * height > pixels:
        raise _wrong(
            "too_large",
            f"The result would be too large: {width:,} × {height:,} px.",
            f"It may have at most {side:,} px per side and {pixels // 1_000_000} megapixels.",
            "Extend the picture by less.",
        )


def _check_times(request: Request, entry: Entry) -> None:
    """A prompt that changes over time must be in order, within the clip, and the model must be able to continue."""
    if not isinstance(request, VideoRequest):
        return
    field = _label(request, "prompt")
    try:
        prompts = timed_prompts(request.prompt)
    except ValueError as error:
        raise _wrong(
            "bad_value", f"The times in “{field}” are not right.", f"{error}.", "Change it and try again."
        ) from error
    if prompts[-1].start >= request.seconds:
        raise _wrong(
            "bad_value",
            f"“{field}” goes on after the end of the clip.",
            f"It has a line for {prompts[-1].start:g} s; the clip lasts {request.seconds:g} s.",
            "Choose an earlier time or a longer duration.",
        )
    if len(prompts) > 1 and (isinstance(request, ChangeClip) or "continue_clip" not in entry.tasks):
        raise _wrong(
            "no_times",
            f"{entry.name} cannot change its prompt within this clip.",
            "It would have to continue from a frame.",
            f"Remove the times from “{field}”, or choose another model.",
        )


def _check_guides(request: Request, entry: Entry) -> None:
    """The model must support the number of reference pictures, the structure to keep, the last frame."""
    if isinstance(request, AnimateImage | ContinueClip) and request.last_image and not entry.last_frame:
        raise _wrong(
            "no_last_frame",
            f"{entry.name} cannot end a clip on a given picture.",
            "It only takes the first frame.",
            f"Remove the picture from “{_label(request, 'last_image')}”, or choose another model.",
        )
    if isinstance(request, CreateImage | CreateClip | FillClip) and len(request.references) > entry.references:
        most = f"It takes up to {entry.references}." if entry.references else "It takes text only."
        raise _wrong(
            "too_many_references",
            f"{entry.name} cannot use {_pictures(len(request.references))}.",
            most,
            "Remove some, or choose another model.",
        )
    if not isinstance(request, CreateImage):
        return
    if entry.needs_references and not (request.references or any(one.references for one in request.mentions)):
        raise _wrong(
            "no_references",
            f"{entry.name} needs a reference picture.",
            "It generates new pictures from others.",
            f"Add one to “{_label(request, 'references')}”, or choose another model.",
        )
    if request.control == "none":
        if request.control_image:
            raise _wrong(
                "no_control",
                "Choose what to keep of the structure picture.",
                f"“{_label(request, 'control')}” is set to none.",
                "Choose edges, depth, pose or sketch, or remove the picture.",
            )
        return
    if request.control not in entry.controls:
        known = ", ".join(entry.controls)
        raise _wrong(
            "no_such_control",
            f"{entry.name} cannot keep the {request.control} of a picture.",
            f"It can keep: {known}." if known else "It does not support structure control.",
            "Choose another structure or another model.",
        )
    if not request.control_image:
        raise _wrong(
            "no_control_image",
            f"Choose the picture whose {request.control} to keep.",
            f"“{_label(request, 'control_image')}” is empty.",
            f"Add a picture, or set “{_label(request, 'control')}” to none.",
        )


def _pictures(count: int) -> str:
    return "a reference picture" if count == 1 else f"{count} reference pictures"
