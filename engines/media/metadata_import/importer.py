"""Import generation settings from a picture's metadata, whichever program made it. The content is never trusted."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from PIL import Image
from pydantic import BaseModel, ConfigDict

from engines.media.intake import read_provenance
from engines.media.metadata_import import a1111, comfyui, json_records
from engines.media.metadata_import.comfyui_graph import Graph, prompt_graph, workflow_graph
from engines.media.metadata_import.fields import ImportedFields, text_of
from engines.media.picture import LARGE, MAX_PIXELS

Program = Literal["c41", "a1111", "comfyui", "invokeai", "fooocus", "swarmui", "novelai", "other"]

MOST_CHARACTERS = 4 * 1024 * 1024
_EXIF, _USER_COMMENT, _DESCRIPTION, _MAKE, _MODEL, _SOFTWARE = 0x8769, 0x9286, 0x010E, 0x010F, 0x0110, 0x0131


class ImportedMetadata(BaseModel):
    """The generation settings of a picture. ``record`` is the provenance of a picture made in the studio; ``fields``
    holds the settings of other programs.

    For a program whose format is not supported (``other``), only its name is known: ``maker``.
    """

    model_config = ConfigDict(frozen=True)

    program: Program
    record: dict[str, Any] | None = None
    fields: ImportedFields = ImportedFields()
    maker: str = ""


class _Texts(NamedTuple):
    """The texts in a picture: named ones, and others such as EXIF texts or a comment."""

    named: Mapping[str, str]
    loose: tuple[str, ...]


def import_metadata(path: Path) -> ImportedMetadata | None:
    """Return the generation settings of the picture in a file; None if it has none.

    Some programs store them in several formats; the first with a prompt counts.
    """
    if record := read_provenance(path):
        return ImportedMetadata(program="c41", record=record)
    texts = _texts(path)
    first: ImportedMetadata | None = None
    for making in _read(texts):
        if making.fields.prompt:
            return making
        first = first or making
    if first:
        return first
    loose = {f"text {number}": text for number, text in enumerate(texts.loose)}
    if maker := json_records.maker({**texts.named, **loose}):
        return ImportedMetadata(program="other", maker=maker)
    return None


def _read(texts: _Texts) -> Iterator[ImportedMetadata]:
    """Yield the settings that each reader finds in the texts."""
    named = texts.named
    records = [json_records.parse(text) for text in (named.get("parameters"), named.get("Comment"), *texts.loose)]
    tries: list[tuple[Program, Any]] = [
        ("invokeai", lambda: json_records.invoke(json_records.parse(named.get("invokeai_metadata"))))
    ]
    for record in filter(None, records):
        tries += [
            ("swarmui", lambda one=record: json_records.swarm(one)),
            ("fooocus", lambda one=record: json_records.fooocus(one)),
            ("novelai", lambda one=record: json_records.novelai(one, named)),
        ]
    tries += [("comfyui", lambda: _comfy(prompt_graph(json_records.parse(named.get("prompt")))))]
    tries += [("comfyui", lambda: _comfy(workflow_graph(json_records.parse(named.get("workflow")))))]
    for text in (named.get("parameters", ""), *texts.loose):
        tries.append(("a1111", lambda one=text: a1111.read(one)))
    for program, read in tries:
        try:
            if fields := read():
                yield ImportedMetadata(program=program, fields=fields)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
            continue  # a structure that its program never writes


def _comfy(graph: Graph | None) -> ImportedFields | None:
    return comfyui.read(graph) if graph else None


def _texts(path: Path) -> _Texts:
    try:
        with LARGE, Image.open(path, formats=("PNG", "JPEG", "WEBP", "AVIF")) as image:
            if image.format == "PNG" and image.width * image.height <= MAX_PIXELS:
                image.load()  # some programs write texts after the pixels
            info = {name: value for name, value in image.info.items() if isinstance(name, str)}
            exif = image.getexif()
            big_endian = exif.endian == ">"
            tags = {**exif, **exif.get_ifd(_EXIF)}
    except Exception:  # decoders raise anything for malicious files
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
