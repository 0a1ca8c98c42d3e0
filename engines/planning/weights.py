"""How large a model's parts are: read from their files where they are here, else from what its entry says."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog, Entry, files
from engines.catalog.smaller import PAINTS
from engines.requests import CreateClip, CreateImage, Drawing, EditImage
from engines.swapper import checkpoint, packed, sizes
from engines.video import families
from engines.video.family import ClipFamily
from errors import StudioError

_LIGHT = ("tokenizer", "processor", "feature_extractor", "image_processor", "scheduler")
"""What the names of parts begin with that hold no weights."""
_USUAL_PIXELS = 512 * 512
_READER_LAYER, _PAINTER_LAYER = 8, 80
"""A model's largest layer is at most such a part of it: of one that reads, the table of its words."""


class Weights(BaseModel):
    """A part's ``numbers``, those of its largest layer, and the precision they are stored in, torch's name.

    Of a GGUF file ``packed`` is how many bytes it packs them into, and the precision the one they are unpacked to.
    """

    model_config = ConfigDict(frozen=True)

    numbers: int
    layer: int
    dtype: str
    packed: int = 0

    @property
    def bytes(self) -> int:
        """As they are stored."""
        return self.packed or self.numbers * sizes.element_bytes(self.dtype)


Stages = tuple[Mapping[str, Weights], Mapping[str, Weights]]
"""The parts that read, and those that paint: they are never needed at the same moment."""


class Working(NamedTuple):
    """Bytes that a job takes beside the weights of its model: while it reads the words, and while it paints."""

    reading: int
    painting: int

    def beside(self, painting: int) -> "Working":
        """With so many more while it paints."""
        return self._replace(painting=self.painting + painting)


def heavy(name: str) -> bool:
    """Whether a part of this name holds weights."""
    return not name.startswith(_LIGHT)


def plannable(entry: Entry) -> bool:
    """Whether an entry's model is one that paints, of a family that is known here."""
    try:
        families.of(entry)
    except StudioError:
        return False
    return True


def working(request: Drawing | None, entry: Entry, catalog: Catalog) -> Working:
    """What one picture or one clip takes beside the weights, before its pictures and LoRAs are opened; without a
    request, one of the size at which the model is best. Raises StudioError where a file is damaged."""
    family = families.of(entry)
    if isinstance(family, ClipFamily):
        return Working(reading_bytes(entry, catalog, 0), _filming_bytes(request, entry, family))
    drawn = request.width * request.height if isinstance(request, CreateImage) else entry.pixels or _USUAL_PIXELS
    smaller = entry.options.get("enlarge_by", 1) ** 2 if isinstance(request, CreateImage) else 1
    pictures = len(request.every_reference) + isinstance(request, EditImage) if request else 0
    return Working(reading_bytes(entry, catalog, pictures), family.working_bytes_of(entry, drawn // smaller, pictures))


def reading_bytes(entry: Entry, catalog: Catalog, pictures: int) -> int:
    """What reading the words, and a number of pictures with them, takes beside the weights, in bytes."""
    weights = sum(one.bytes for one in stages(entry, catalog)[0].values())
    return families.of(entry).reading_bytes(weights, pictures)


def _filming_bytes(request: Drawing | None, entry: Entry, family: ClipFamily) -> int:
    """A clip that a picture begins has another shape than the usual one, but the same area."""
    usual = {name: field.default for name, field in CreateClip.model_fields.items()}
    asked = usual | entry.defaults | (request.model_dump() if request else {})
    width, height = (int(asked[side]) // entry.options.get("enlarge_by", 1) for side in ("width", "height"))
    return family.working_bytes(entry, width, height, family.frames(entry, asked["seconds"]))


def stages(entry: Entry, catalog: Catalog) -> Stages:
    """The weights of a plannable entry's two stages. What is not known of its parts alone is taken as one that paints.

    Raises StudioError where a file is damaged.
    """
    family = families.of(entry)
    reading, painting = ([name for name in names if heavy(name)] for names in (family.readers, family.painters))
    found = {name: _weights(name, entry, catalog) for name in (*reading, *painting) if name in entry.parts}
    if None in found.values():
        return {}, _whole(entry)
    known = {name: weights for name, weights in found.items() if weights is not None}
    return (
        {name: known[name] for name in reading if name in known},
        {name: known[name] for name in painting if name in known},
    )


def half(entry: Entry) -> str | None:
    """The half precision that an entry runs in, if it names one. Entries of one's own from before 0.4 name a GGUF
    file's kind instead; what such a file is read into is bfloat16."""
    known = next((name for name in ("bfloat16", "float16") if name in entry.memory), None)
    return known or ("bfloat16" if "gguf" in entry.memory else None)


def _weights(name: str, entry: Entry, catalog: Catalog) -> Weights | None:
    path = catalog.path_of(entry.parts[name])
    if files.complete(path):
        found = _read(path, name, path.stat().st_mtime_ns)
        small = found.packed or _is_float8(name, entry)
        return found.model_copy(update={"dtype": half(entry) or found.dtype}) if small else found
    if name not in entry.part_memory:
        return None
    bytes = entry.part_memory[name]
    if path.suffix == packed.SUFFIX:
        return _guess(name, 2 * bytes, "bfloat16").model_copy(update={"packed": bytes})  # about a number a byte
    if _is_float8(name, entry):
        whole = catalog.entries.get(entry.smaller_of)  # has as many numbers
        return _guess(name, whole.part_memory[name] if whole else 2 * bytes, half(entry) or "bfloat16")
    return _guess(name, bytes, half(entry) or "float32")


def _is_float8(name: str, entry: Entry) -> bool:
    """Whether a part is the denoiser of a smaller version that is no GGUF file."""
    return bool(entry.smaller_of) and name == PAINTS and not entry.parts[name].file.endswith(packed.SUFFIX)


def _whole(entry: Entry) -> Mapping[str, Weights]:
    precision = half(entry) or next(iter(entry.memory), "float32")
    return {"weights": _guess("weights", entry.memory.get(precision, 0), precision)}


def _guess(name: str, bytes: int, dtype: str) -> Weights:
    numbers = bytes // sizes.element_bytes(dtype)
    part = _PAINTER_LAYER if name.startswith(("transformer", "unet")) else _READER_LAYER
    return Weights(numbers=numbers, layer=numbers // part, dtype=dtype)


@lru_cache(maxsize=256)
def _read(path: Path, name: str, changed: int) -> Weights:
    """The weights in a file or folder; ``changed`` is when it last did, so that a new one is read anew."""
    if path.suffix == packed.SUFFIX:
        count, layer = packed.counted(path)
        return Weights(numbers=count, layer=layer, dtype="float32", packed=path.stat().st_size)
    numbers = checkpoint.part_bytes(path, name, 1) or sizes.weight_bytes(path, 1)
    return Weights(numbers=numbers, layer=sizes.largest_layer(path), dtype=sizes.stored(path))
