"""How a picture says it was made, whichever program made it: read from what lies in the file, and never trusted."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from PIL import Image
from pydantic import BaseModel, ConfigDict

from engines.media import foreign_a1111, foreign_comfy, foreign_records
from engines.media.foreign_comfy_graph import Graph, asked, drawn
from engines.media.foreign_words import Told, text_of
from engines.media.intake import read_provenance
from engines.media.picture import LARGE, MAX_PIXELS

Program = Literal["c41", "a1111", "comfyui", "invokeai", "fooocus", "swarmui", "novelai", "other"]

MOST_CHARACTERS = 4 * 1024 * 1024
_EXIF, _USER_COMMENT, _DESCRIPTION, _MAKE, _MODEL, _SOFTWARE = 0x8769, 0x9286, 0x010E, 0x010F, 0x0110, 0x0131


class Making(BaseModel):
    """How a picture says it was made. ``record`` is the whole of one made in the studio, ``told`` what others say.

    Of a program whose records are not read here (``other``) only its name is known: ``maker``.
    """

    model_config = ConfigDict(frozen=True)

    program: Program
    record: dict[str, Any] | None = None
    told: Told = Told()
    maker: str = ""


class _Texts(NamedTuple):
    """The texts in a picture: those that have names, and those that may be anything (EXIF's, a comment)."""

    named: Mapping[str, str]
    loose: tuple[str, ...]


def read_making(path: Path) -> Making | None:
    """How the picture in a file was made; None where it does not say.

    Some programs write down the same in several ways: the first that has words counts.
    """
    if record := read_provenance(path):
        return Making(program="c41", record=record)
    texts = _texts(path)
    first: Making | None = None
    for making in _read(texts):
        if making.told.prompt:
            return making
        first = first or making
    if first:
        return first
    loose = {f"text {number}": text for number, text in enumerate(texts.loose)}
    if maker := foreign_records.maker({**texts.named, **loose}):
        return Making(program="other", maker=maker)
    return None


def _read(texts: _Texts) -> Iterator[Making]:
    """What each reader makes of the texts."""
    named = texts.named
    records = [foreign_records.parse(text) for text in (named.get("parameters"), named.get("Comment"), *texts.loose)]
    tries: list[tuple[Program, Any]] = [
        ("invokeai", lambda: foreign_records.invoke(foreign_records.parse(named.get("invokeai_metadata"))))
    ]
    for record in filter(None, records):
        tries += [
            ("swarmui", lambda one=record: foreign_records.swarm(one)),
            ("fooocus", lambda one=record: foreign_records.fooocus(one)),
            ("novelai", lambda one=record: foreign_records.novelai(one, named)),
        ]
    tries += [("comfyui", lambda: _comfy(asked(foreign_records.parse(named.get("prompt")))))]
    tries += [("comfyui", lambda: _comfy(drawn(foreign_records.parse(named.get("workflow")))))]
    for text in (named.get("parameters", ""), *texts.loose):
        tries.append(("a1111", lambda one=text: foreign_a1111.read(one)))
    for program, read in tries:
        try:
            if told := read():
                yield Making(program=program, told=told)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
            continue  # a shape that its program never writes


def _comfy(graph: Graph | None) -> Told | None:
    return foreign_comfy.read(graph) if graph else None


def _texts(path: Path) -> _Texts:
    try:
        with LARGE, Image.open(path, formats=("PNG", "JPEG", "WEBP", "AVIF")) as image:
            if image.format == "PNG" and image.width * image.height <= MAX_PIXELS:
                image.load()  # some write their texts behind the pixels
            info = {name: value for name, value in image.info.items() if isinstance(name, str)}
            exif = image.getexif()
            big_endian = exif.endian == ">"
            tags = {**exif, **exif.get_ifd(_EXIF)}
    except Exception:  # decoders of hostile files raise anything
        return _Texts({}, ())
    named = {name: value for name, value in info.items() if isinstance(value, str)}
    loose: list[str] = []
    for tag in (_USER_COMMENT, _DESCRIPTION, _MAKE, _MODEL, _SOFTWARE):
        text = text_of(tags.get(tag), big_endian=big_endian)
        name, colon, rest = text.partition(":")
        if colon and name.lower() in ("prompt", "workflow") and rest.lstrip().startswith("{"):
            named.setdefault(name.lower(), rest)
        elif text:
            loose.append(text)
    loose += [text_of(value) for name in ("comment", "xmp") if isinstance(value := info.get(name), bytes)]
    short = tuple(text for text in loose if len(text) <= MOST_CHARACTERS)
    return _Texts({name: text for name, text in named.items() if len(text) <= MOST_CHARACTERS}, short)
