"""The sizes of a model's parts: read from their files if installed, else taken from its entry."""

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines.catalog import Catalog, Entry
from engines.catalog.locations import complete
from engines.catalog.quantizations import DENOISER
from engines.weights import gguf_model, single_file, sizes

_LIGHT = ("tokenizer", "processor", "feature_extractor", "image_processor", "scheduler")
"""Prefixes of the names of parts without weights."""
_ENCODER_LAYERS, _DENOISER_LAYERS = 8, 80
"""A model's largest layer is at most one in this many parts of it: for a text encoder, the token embedding."""


class PartWeights(BaseModel):
    """A part's parameter count ``numbers``, that of its largest layer, and the stored precision, torch's name.

    For a GGUF file, ``packed`` is its size in bytes, and ``dtype`` the precision it is unpacked to.
    """

    model_config = ConfigDict(frozen=True)

    numbers: int
    layer: int
    dtype: str
    packed: int = 0

    @property
    def bytes(self) -> int:
        """The stored size in bytes."""
        return self.packed or self.numbers * sizes.element_bytes(self.dtype)


def holds_weights(name: str) -> bool:
    """Whether a part with this name has weights."""
    return not name.startswith(_LIGHT)


def half_precision(entry: Entry) -> str | None:
    """Return the half precision that an entry runs in, if it has one. User entries from before version 0.4 name the
    GGUF format instead; such files are unpacked to bfloat16."""
    known = next((name for name in ("bfloat16", "float16") if name in entry.memory), None)
    return known or ("bfloat16" if "gguf" in entry.memory else None)


def part_weights(name: str, entry: Entry, catalog: Catalog) -> PartWeights | None:
    """Return the weights of an entry's part; None if nothing is known about that part alone.

    Raises StudioError if a file is damaged.
    """
    path = catalog.path_of(entry.parts[name])
    if complete(path):
        weights = _read(path, name, path.stat().st_mtime_ns)
        small = weights.packed or _is_float8(name, entry)
        return weights.model_copy(update={"dtype": half_precision(entry) or weights.dtype}) if small else weights
    if name not in entry.part_memory:
        return None
    bytes = entry.part_memory[name]
    if path.suffix == gguf_model.SUFFIX:
        return _estimate(name, 2 * bytes, "bfloat16").model_copy(update={"packed": bytes})  # about a byte each
    if _is_float8(name, entry):
        whole = catalog.entries.get(entry.quantization_of)  # has the same number of parameters
        half = half_precision(entry) or "bfloat16"
        return _estimate(name, whole.part_memory[name] if whole else 2 * bytes, half)
    return _estimate(name, bytes, half_precision(entry) or "float32")


def whole_weights(entry: Entry) -> PartWeights:
    """Return all weights of an entry as one part, if nothing more is known."""
    precision = half_precision(entry) or next(iter(entry.memory), "float32")
    return _estimate("weights", entry.memory.get(precision, 0), precision)


def _is_float8(name: str, entry: Entry) -> bool:
    """Whether a part is the denoiser of a quantization other than GGUF."""
    return bool(entry.quantization_of) and name == DENOISER and not entry.parts[name].file.endswith(gguf_model.SUFFIX)


def _estimate(name: str, bytes: int, dtype: str) -> PartWeights:
    numbers = bytes // sizes.element_bytes(dtype)
    layers = _DENOISER_LAYERS if name.startswith(("transformer", "unet")) else _ENCODER_LAYERS
    return PartWeights(numbers=numbers, layer=numbers // layers, dtype=dtype)


@lru_cache(maxsize=256)
def _read(path: Path, name: str, changed: int) -> PartWeights:
    """Return the weights in a file or folder; ``changed`` is its modification time, so that changes are noticed."""
    if path.suffix == gguf_model.SUFFIX:
        count, layer = gguf_model.count_numbers(path)
        return PartWeights(numbers=count, layer=layer, dtype="float32", packed=path.stat().st_size)
    numbers = single_file.part_bytes(path, name, 1) or sizes.weight_bytes(path, 1)
    return PartWeights(numbers=numbers, layer=sizes.largest_layer(path), dtype=sizes.stored_dtype(path))
