"""GGUF files for tests: the weights of a twin, packed like the published files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import quantize
from safetensors.torch import load_file

BLOCK = 32
"""Values of a row that are packed together."""


def pack(
    part: Path,
    target: Path,
    kind: gguf.GGMLQuantizationType,
    architecture: str,
    named: Callable[[str], str] = lambda name: name,
) -> Path:
    """Pack the weights in a part's folder into a file, with the config next to it; ``named`` maps tensor names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(part / "config.json", target.parent)
    weights = {name: tensor for file in part.glob("*.safetensors") for name, tensor in load_file(file).items()}
    write(target, architecture, {named(name): tensor.float().numpy() for name, tensor in weights.items()}, kind)
    return target


def write(
    target: Path,
    architecture: str,
    weights: dict[str, np.ndarray],
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.Q8_0,
    describe: Callable[[gguf.GGUFWriter], None] = lambda writer: None,
) -> Path:
    """Write tensors to a file: matrices are packed if their rows allow it, the rest is float32; ``describe`` adds
    metadata."""
    writer = gguf.GGUFWriter(target, architecture)
    describe(writer)
    for name, array in weights.items():
        if array.ndim == 2 and array.shape[1] % BLOCK == 0:
            writer.add_tensor(name, quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
