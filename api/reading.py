"""What a picture says about its making, as fields of a request that are legal here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engines.catalog import Catalog
from engines.requests import REQUESTS, from_storage
from errors import StudioError

TASK = "create_image"


class Read(BaseModel):
    """How a picture was made: by which program (``kind``), as a request for here, and what could not be taken over."""

    model_config = ConfigDict(frozen=True)

    kind: str
    request: dict[str, Any]
    unknown: tuple[str, ...]


def read(path: Path, catalog: Catalog) -> Read:
    """Raises StudioError nothing_said for a picture that does not say how it was made."""
    from engines.media.foreign import read_making

    making = read_making(path)
    if making is None:
        raise StudioError(
            "nothing_said",
            "That picture does not say how it was made.",
            "Pictures made here, in A1111, Forge, ComfyUI, InvokeAI or Fooocus do, as long as nobody took it out.",
            "Write the words yourself, or ask for a description of it.",
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
        if told.model:
            self._model(told.model)
        for lora in told.loras:
            self.unknown.append(f"The LoRA “{lora.name}” ({lora.strength:g}) is not taken over.")
        if told.sampler:
            self.unknown.append(f"The sampler “{told.sampler}”: the model's own is taken.")
        self.unknown.extend(f"{name} {value} is not taken over." for name, value in told.other if name)

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

    def _model(self, name: str) -> None:
        wanted = _plain(name)
        entries = self._catalog.for_task(TASK)
        same = [entry for entry in entries if wanted in {_plain(known) for known in _names(entry)}]
        if same:
            self.request["model"] = same[0].id
        else:
            self.unknown.append(f"The model “{name}” is not here.")


def _names(entry: Any) -> Iterator[str]:
    yield entry.id
    yield entry.name
    for part in entry.parts.values():
        yield part.repo.rpartition("/")[2]
        if part.file:
            yield Path(part.file).stem


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
