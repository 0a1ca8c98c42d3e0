"""What a picture says about its making, as fields of a request that are legal here."""

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
"""What files of one model differ by in their names."""


class Read(BaseModel):
    """How a picture was made: by which program (``kind``), as a request for here, and what could not be taken over."""

    model_config = ConfigDict(frozen=True)

    kind: str
    request: dict[str, Any]
    unknown: tuple[str, ...]


def read(path: Path, catalog: Catalog) -> Read:
    """Raises StudioError nothing_said for a picture that does not say how it was made, not_read_here for one of a
    program that is known by its name alone.
    """
    from engines.media.foreign import read_making

    making = read_making(path)
    if making is None:
        raise StudioError(
            "nothing_said",
            "That picture does not say how it was made.",
            "Pictures made here, in A1111, Forge, SD.Next, ComfyUI, InvokeAI, Fooocus, SwarmUI or NovelAI do, unless "
            "someone removed it.",
            "Write the prompt yourself, or ask for a description of the picture.",
            status=422,
        )
    if making.maker:
        raise StudioError(
            "not_read_here",
            f"That picture was made by {making.maker}, which is not read here.",
            "It says how it was made in a form of its own.",
            "Copy the prompt from there, or ask for a description of the picture.",
            status=422,
        )
    if making.record is not None:
        return _own(making.record)
    taking = _Taking(catalog)
    taking.take(making.told)
    return Read(kind=making.program, request=taking.request, unknown=tuple(taking.unknown))


def _own(record: dict[str, Any]) -> Read:
    try:
        request = from_storage(record["request"])
    except (StudioError, RecursionError) as error:
        raise StudioError(
            "nothing_said", "That picture's record cannot be used.", "It is of another version, or damaged.", status=422
        ) from error
    return Read(kind="c41", request=request.model_dump(mode="json"), unknown=())


class _Taking:
    """Takes over what a request here has a place for, and says what it has none for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fields = REQUESTS[TASK].model_fields
        self.request: dict[str, Any] = {"task": TASK}
        self.unknown: list[str] = []

    def take(self, told: Any) -> None:
        """Take over what was told."""
        for name, title in (("prompt", "The words"), ("negative_prompt", "What was not to be seen")):
            if (text := getattr(told, name)) is not None:
                self._put(name, text, f"{title} could not be read.")
        for name in ("steps", "guidance", "seed"):
            if (value := getattr(told, name)) is not None:
                shown = f"{value:g}" if value < 1e6 else str(int(value))
                self._put(
                    name,
                    value if name == "guidance" else int(value),
                    f"{name.capitalize()} {shown} is not possible here.",
                )
        if told.width and told.height:
            self._size(told.width, told.height)
        if told.model or told.model_hash:
            self._model(told.model, told.model_hash)
        for lora in told.loras:
            self.unknown.append(f"The LoRA “{lora.name}” ({lora.strength:g}) is not taken over.")
        if told.sampler:
            self.unknown.append(f"The sampler “{told.sampler}”: the model's own is taken.")
        self.unknown.extend(f"{name} {value} is not taken over." for name, value in told.other if name)
        self.unknown.extend(told.notes)

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
        """The nearest size that is possible here."""
        sides = [round(side / 8) * 8 for side in (width, height)]
        shown = f"{width:g} x {height:g}"
        put = [self._put(name, side, "") for name, side in zip(("width", "height"), sides, strict=True)]
        self.unknown = [words for words in self.unknown if words]
        if not all(put):
            self.request = {name: value for name, value in self.request.items() if name not in ("width", "height")}
            self.unknown.append(f"The size {shown} is not possible here.")
        elif sides != [width, height]:
            self.unknown.append(f"The size {shown} became {sides[0]} x {sides[1]}: sides are multiples of 8.")

    def _model(self, name: str | None, hash: str | None) -> None:
        """The model of that name, else of that name in another precision, else of that hash."""
        entries = self._catalog.for_task(TASK)
        for wanted in filter(None, (name and _plain(name), name and _plain(_bare(name)), hash)):
            for known in (_names, _bare_names):
                if found := next((one for one in entries if wanted in {_plain(it) for it in known(one)}), None):
                    self.request["model"] = found.id
                    return
        self.unknown.append(f"The model “{name}” is not here." if name else f"No model here has the hash {hash}.")


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
    """A model's name without the precision that its file is in: ``flux1-dev-Q8_0`` is ``flux1-dev``."""
    while (shorter := _PRECISIONS.sub("", name)) != name:
        name = shorter
    return name


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
