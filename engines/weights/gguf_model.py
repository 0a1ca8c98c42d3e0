"""Denoisers in GGUF files, whose layers are unpacked one by one while they compute."""

import math
from pathlib import Path
from typing import Any

from engines import torch_setup
from engines.memory.component import Place, load_errors
from engines.memory.device import Device
from engines.memory.placement import Placement, bytes_needed, place_model, release_model
from engines.weights import gguf_header, sizes
from engines.weights.single_file import config_of

SUFFIX = ".gguf"


def count_numbers(path: Path) -> tuple[int, int]:
    """Return the number of parameters in a file and in its largest layer. Raises StudioError if it is damaged."""
    _, shapes = gguf_header.read(path)
    layers = [math.prod(shape) for shape in shapes.values()]
    return sum(layers), max(layers, default=0)


class GgufComponent:
    """A denoiser in a GGUF file, computing in ``keeping.dtype``; its config ships with the studio or is next to it.

    Raises StudioError if the file is damaged or its family is unknown.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, placement: Placement, note: str) -> None:
        self.note = note
        self._path, self._name, self._placement = path, name, placement
        self._dtype = placement.dtype or "float32"
        self.key = f"{path}#{self._dtype}{placement.mark}"
        self.bytes, self.host_bytes = bytes_needed(*count_numbers(path), sizes.element_bytes(self._dtype), placement)

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("diffusers")
        import json

        import diffusers
        import torch

        config, dtype = config_of(self._path, self._name), getattr(torch, self._dtype)
        with load_errors(self._path):
            model = getattr(diffusers, json.loads(config.read_text())["_class_name"]).from_single_file(
                str(self._path),
                config=str(config.parent),
                quantization_config=diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
                dtype=dtype,
                local_files_only=True,
            )
        return place_model(model, self._placement, device)

    def drop(self, model: Any) -> None:
        release_model(model)
