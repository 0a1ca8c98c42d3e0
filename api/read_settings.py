"""Reads the generation settings stored in a picture, as valid fields of a request."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engines.catalog import Catalog, Entry
from engines.requests import REQUESTS, from_storage
from errors import StudioError

TASK = "create_image"
_PRECISIONS = re.compile(
    r"[-_. ](bf16|fp16|fp32|f16|f32|fp8|fp4|nf4|nvfp4|int8|int4|e4m3fn|e5m2|scaled|pruned|emaonly|gguf|"
    r"i?q\d(_[\dk])?(_(xs|s|m|l|xl))?)(?=$|[-_. ])",
    re.IGNORECASE,
)
"""Suffixes that tell apart the files of one model."""


class ReadSettings(BaseModel):
    """A picture's settings: the program it was made with (``kind``), the request, and what could not be used."""

    model_config = ConfigDict(frozen=True)

    kind: str
    request: dict[str, Any]
    unknown: tuple[str, ...]


def read_settings(path: Path, catalog: Catalog) -> ReadSettings:
    """Read the settings from a picture.

    Raises StudioError nothing_said if it has none, not_read_here if its program's format is not supported.
    """
    from engines.media.metadata_import.importer import import_metadata

    making = import_metadata(path)
    if making is None:
        raise StudioError(
            "nothing_said",
            "This picture contains no settings.",
            "Pictures from this studio, A1111, Forge, SD.Next, ComfyUI, InvokeAI, Fooocus, SwarmUI and NovelAI do, "
            "unless someone removed them.",
            "Write the prompt yourself, or let a language model describe the picture.",
            status=422,
        )
    if making.maker:
        raise StudioError(
            "not_read_here",
            f"Settings from {making.maker} are not supported.",
            "It stores them in its own format.",
            "Copy the prompt from there, or let a language model describe the picture.",
            status=422,
        )
    if making.record is not None:
        return _own(making.record)
    taking = _FieldMapper(catalog)
    taking.take(making.fields)
    return ReadSettings(kind=making.program, request=taking.request, unknown=tuple(taking.unknown))


def _own(record: dict[str, Any]) -> ReadSettings:
    try:
        request = from_storage(record["request"])
    except (StudioError, RecursionError) as error:
        raise StudioError(
            "nothing_said",
            "The settings in this picture cannot be used.",
            "They are damaged or from a newer version.",
            status=422,
        ) from error
    return ReadSettings(kind="c41", request=request.model_dump(mode="json"), unknown=())


class _FieldMapper:
    """Converts settings to fields of a request, and lists what it cannot convert."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fields = REQUESTS[TASK].model_fields
        self.request: dict[str, Any] = {"task": TASK}
        self.unknown: list[str] = []

    def take(self, fields: Any) -> None:
        """Convert the imported settings."""
        for name, title in (("prompt", "prompt"), ("negative_prompt", "negative prompt")):
            if (text := getattr(fields, name)) is not None:
                self._put(name, text, f"The {title} could not be used.")
        for name in ("steps", "guidance", "seed"):
            if (value := getattr(fields, name)) is not None:
                shown = f"{value:g}" if value < 1e6 else str(int(value))
                self._put(
                    name,
                    value if name == "guidance" else int(value),
                    f"{name.capitalize()} {shown}: not possible here.",
                )
        if fields.width and fields.height:
            self._size(fields.width, fields.height)
        if fields.model or fields.model_hash:
            self._model(fields.model, fields.model_hash)
        for lora in fields.loras:
            self.unknown.append(f"LoRA “{lora.name}” (strength {lora.strength:g}): ignored.")
        if fields.sampler:
            self.unknown.append(f"Sampler “{fields.sampler}”: ignored, the model's own is used.")
        self.unknown.extend(f"{name} {value}: ignored." for name, value in fields.other if name)
        self.unknown.extend(fields.notes)

    def _put(self, name: str, value: Any, otherwise: str) -> bool:
        field = self._fields.get(name)
        try:
            if field is None:
                raise ValueError(name)
            annotated: Any = field.rebuild_annotation()
            self.request[name] = TypeAdapter(annotated).validate_python(value)
        except (ValidationError, ValueError):
            self.unknown.append(otherwise)
            return False
        return True

    def _size(self, width: float, height: float) -> None:
        """Set the nearest possible size."""
        sides = [round(side / 8) * 8 for side in (width, height)]
        shown = f"{width:g} × {height:g}"
        put = [self._put(name, side, "") for name, side in zip(("width", "height"), sides, strict=True)]
        self.unknown = [words for words in self.unknown if words]
        if not all(put):
            self.request = {name: value for name, value in self.request.items() if name not in ("width", "height")}
            self.unknown.append(f"Size {shown}: not possible here.")
        elif sides != [width, height]:
            self.unknown.append(
                f"Size {shown}: changed to {sides[0]} × {sides[1]}, because sides must be multiples of 8."
            )

    def _model(self, name: str | None, hash: str | None) -> None:
        """Set the model of that name, else of that name in another precision, else of that hash."""
        entries = self._catalog.for_task(TASK)
        for wanted in filter(None, (name and _plain(name), name and _plain(_bare(name)), hash)):
            for known in (_names, _bare_names):
                if found := next((one for one in entries if wanted in {_plain(it) for it in known(one)}), None):
                    self.request["model"] = found.id
                    return
        self.unknown.append(f"Model “{name}”: not in the catalog." if name else f"No known model has the hash {hash}.")


def _names(entry: Entry) -> Iterator[str]:
    yield entry.id
    yield entry.name
    yield from entry.aliases
    for part in entry.parts.values():
        yield part.repo.rpartition("/")[2]
        if part.file:
            yield Path(part.file).stem


def _bare_names(entry: Entry) -> Iterator[str]:
    return map(_bare, _names(entry))


def _bare(name: str) -> str:
    """Return a model's name without the precision of its file: ``flux1-dev`` for ``flux1-dev-Q8_0``."""
    while (shorter := _PRECISIONS.sub("", name)) != name:
        name = shorter
    return name


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
