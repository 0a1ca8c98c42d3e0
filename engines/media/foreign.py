"""How a picture says it was made, whichever program made it: read from what lies in the file, and never trusted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict

from engines.media import foreign_a1111, foreign_comfy
from engines.media.foreign_words import Told, number, text_of
from engines.media.intake import LARGE, read_provenance

Program = Literal["c41", "a1111", "comfyui", "invokeai", "fooocus"]

MOST_CHARACTERS = 4 * 1024 * 1024
_EXIF, _USER_COMMENT, _DESCRIPTION, _MAKE, _MODEL = 0x8769, 0x9286, 0x010E, 0x010F, 0x0110


class Making(BaseModel):
    """How a picture says it was made. ``record`` is the whole of one made in the studio, ``told`` what others say."""

    model_config = ConfigDict(frozen=True)

    program: Program
    record: dict[str, Any] | None = None
    told: Told = Told()


def read_making(path: Path) -> Making | None:
    """How the picture in a file was made; None where it does not say, or says it in no way that is known here."""
    if record := read_provenance(path):
        return Making(program="c41", record=record)
    said = _said(path)
    for reader in (_invoke, _fooocus, _comfy, _a1111):
        try:
            if making := reader(said):
                return making
        except (TypeError, ValueError, LookupError, RecursionError):  # a shape that its program never writes
            continue
    return None


def _said(path: Path) -> dict[str, str]:
    """The texts in a picture by their names; EXIF's are told apart by what they begin with."""
    try:
        with LARGE, Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
            if image.format == "PNG":
                image.load()  # some write their texts behind the pixels
            said = {name: value for name, value in image.info.items() if isinstance(name, str)}
            exif = image.getexif()
            tags = {**exif, **exif.get_ifd(_EXIF)}
    except Exception:  # decoders of hostile files raise anything
        return {}
    found = {name: value for name, value in said.items() if isinstance(value, str)}
    for tag in (_USER_COMMENT, _DESCRIPTION, _MAKE, _MODEL):
        text = text_of(tags.get(tag))
        name, colon, rest = text.partition(":")
        if colon and name.lower() in ("prompt", "workflow") and rest.lstrip().startswith("{"):
            found.setdefault(name.lower(), rest)
        elif text:
            found.setdefault("parameters", text)
    if isinstance(comment := said.get("comment"), bytes):
        found.setdefault("parameters", text_of(comment))
    return {name: text for name, text in found.items() if len(text) <= MOST_CHARACTERS}


def _json(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text) if text and text.lstrip()[:1] == "{" else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _a1111(said: Mapping[str, str]) -> Making | None:
    told = foreign_a1111.read(said.get("parameters", ""))
    return Making(program="a1111", told=told) if told else None


def _comfy(said: Mapping[str, str]) -> Making | None:
    graph = foreign_comfy.asked(_json(said.get("prompt"))) or foreign_comfy.drawn(_json(said.get("workflow")))
    told = foreign_comfy.read(graph) if graph else None
    return Making(program="comfyui", told=told) if told else None


def _invoke(said: Mapping[str, str]) -> Making | None:
    record = _json(said.get("invokeai_metadata"))
    if not isinstance(record.get("positive_prompt"), str):
        return None
    told = Told.of(
        prompt=record["positive_prompt"],
        negative_prompt=record.get("negative_prompt"),
        **_numbers(record, steps="steps", guidance="cfg_scale", seed="seed", width="width", height="height"),
        model=_named(record.get("model")),
        sampler=record.get("scheduler"),
        loras=[(_named(lora.get("model") or lora.get("lora")), lora.get("weight")) for lora in _list(record, "loras")],
    )
    return Making(program="invokeai", told=told)


def _fooocus(said: Mapping[str, str]) -> Making | None:
    record = _json(said.get("parameters"))
    if not isinstance(record.get("prompt"), str) or "base_model" not in record:
        return None
    size = [int(part) for part in str(record.get("resolution")).strip("()[] ").split(",") if part.strip().isdecimal()]
    told = Told.of(
        prompt=record["prompt"],
        negative_prompt=record.get("negative_prompt"),
        **_numbers(record, steps="steps", guidance="guidance_scale", seed="seed"),
        width=size[0] if len(size) == 2 else None,
        height=size[1] if len(size) == 2 else None,
        model=_named(record["base_model"]),
        sampler=record.get("sampler"),
        loras=[(lora[0], lora[1]) for lora in record.get("loras") or () if isinstance(lora, list) and len(lora) > 1],
    )
    return Making(program="fooocus", told=told)


def _numbers(record: Mapping[str, Any], **names: str) -> dict[str, float | None]:
    return {ours: number(record.get(theirs)) for ours, theirs in names.items()}


def _named(model: Any) -> str | None:
    name = (model.get("name") or model.get("model_name")) if isinstance(model, dict) else model
    return name if isinstance(name, str) else None


def _list(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = record.get(name)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []
