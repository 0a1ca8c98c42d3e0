"""Models packed into few bits: GGUF files of what paints, whose layers are unpacked one by one while they work."""

import math
from pathlib import Path
from typing import Any

from engines import runtime
from engines.language import gguf
from engines.swapper import sizes
from engines.swapper.checkpoint import config_of
from engines.swapper.component import Place, reading
from engines.swapper.device import Device
from engines.swapper.keeping import Keeping, dissolve, held, settle

SUFFIX = ".gguf"


def counted(path: Path) -> tuple[int, int]:
    """How many numbers a file holds, and its largest layer. Raises StudioError where it is damaged."""
    _, shapes = gguf.read(path)
    layers = [math.prod(shape) for shape in shapes.values()]
    return sum(layers), max(layers, default=0)


class Packed:
    """A denoiser in a GGUF file, computing in ``keeping.dtype``; its config comes with the studio, or lies beside it.

    Raises StudioError where the file is damaged or of a family that is not known here.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, keeping: Keeping, note: str) -> None:
        self.note = note
        self._path, self._name, self._keeping = path, name, keeping
        self._dtype = keeping.dtype or "float32"
        self.key = f"{path}#{self._dtype}{keeping.mark}"
        self.bytes, self.beside_bytes = held(*counted(path), sizes.element_bytes(self._dtype), keeping)

    def load(self, device: Device) -> Any:
        runtime.heavy("diffusers")
        import json

        import diffusers
        import torch

        config, dtype = config_of(self._path, self._name), getattr(torch, self._dtype)
        with reading(self._path):
            model = getattr(diffusers, json.loads(config.read_text())["_class_name"]).from_single_file(
                str(self._path),
                config=str(config.parent),
                quantization_config=diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
                dtype=dtype,
                local_files_only=True,
            )
        return settle(model, self._keeping, device)

    def drop(self, model: Any) -> None:
        dissolve(model)
