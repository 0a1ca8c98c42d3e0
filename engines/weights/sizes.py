"""The size of a model, read from its files before they are loaded."""

import json
import math
import re
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from errors import StudioError

_VARIANT = re.compile(r"\.(fp16|bf16|fp32|ema)[.-]")
_SHARD = re.compile(r"-\d+-of-\d+")
_LIBRARY_NAME = re.compile(rf"(diffusion_pytorch_)?model([.-](fp16|bf16|fp32|ema)|{_SHARD.pattern})*\.safetensors")
"""The names of files that diffusers and transformers load; other files in the folder are for other programs."""
_MAX_HEADER = 100 * 2**20
_MAX_SIDES = 8
_TORCH_NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def corrupt(path: Path, why: str) -> StudioError:
    """Return the error for a model file that cannot be read."""
    return StudioError(
        "corrupt_model",
        f"The model file {path.name} cannot be read.",
        f"It is damaged or incomplete ({why.strip().rstrip('.')[:200]}).",
        "Remove the model on the Models page and download it again.",
        status=500,
    )


def weight_files(path: Path) -> list[Path]:
    """Return the safetensors files of a model: the file itself, or the files in a folder that its library loads, in one
    precision: the shards listed in the index, else the unsharded file."""
    if path.is_file():
        return [path]
    every = sorted(path.glob("*.safetensors"))
    files = [file for file in every if _LIBRARY_NAME.fullmatch(file.name)] or every
    wanted = variant(file.name for file in files)
    files = [file for file in files if variant_of(file.name) == wanted]
    shards = _indexed(path, wanted)
    whole = [file for file in files if not _SHARD.search(file.name)]
    return [file for file in files if file.name in shards] or whole or files


def _indexed(folder: Path, wanted: str) -> set[str]:
    """Return the file names listed in the index of a variant; empty if there is no readable index."""
    indices = [file for file in folder.glob("*.safetensors.index*.json") if variant_of(file.name) == wanted]
    try:
        return {str(name) for file in indices for name in json.loads(file.read_text())["weight_map"].values()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set()


def variant_of(name: str) -> str:
    """Return the precision in a weight file's name, such as ``fp16``; empty if there is none."""
    match = _VARIANT.search(name)
    return match[1] if match else ""


def variant(names: Iterable[str]) -> str:
    """Return the variant of a model's weight files to load: half precision, else unnamed, else any."""
    there = {variant_of(name) for name in names}
    return next((one for one in ("fp16", "bf16", "", "fp32") if one in there), "ema")


def header(path: Path) -> dict[str, Any]:
    """Read the header of a safetensors file. Raises StudioError if it is damaged or cut short."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else size
        if not 0 < length <= min(_MAX_HEADER, size - 8):
            raise corrupt(path, "it has no header")
        try:
            content: dict[str, Any] = json.loads(file.read(length))
            end = max(map(_end, _tensors(content)), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise corrupt(path, "its header is corrupt") from error
    if 8 + length + end != size:
        raise corrupt(path, f"it has {size} bytes, but its header says {8 + length + end}")
    return content


def _end(info: dict[str, Any]) -> int:
    """Return the end of a tensor, in bytes after the header.

    Raises ValueError, KeyError or TypeError if its entry is invalid.
    """
    shape, (low, high) = info["shape"], info["data_offsets"]
    if not isinstance(info["dtype"], str) or not isinstance(shape, list) or len(shape) > _MAX_SIDES:
        raise ValueError("no tensor")
    if not all(type(number) is int and number >= 0 for number in (*shape, low, high)) or high < low:
        raise ValueError("no sizes")
    return int(high)


def intact(path: Path) -> bool:
    """Whether a model's safetensors files and their config can be read; False if there are none."""
    try:
        files = [file for file in weight_files(path) if file.suffix == ".safetensors"]
        for file in files:
            header(file)
        config = path / "config.json"
        return bool(files) and (not config.is_file() or isinstance(json.loads(config.read_text()), dict))
    except (StudioError, OSError, ValueError, RecursionError):
        return False


def weight_bytes(path: Path, element_bytes: int | None = None) -> int:
    """Return the bytes of the weights at a path, as stored or with ``element_bytes`` per parameter."""
    files = weight_files(path)
    if element_bytes is None:
        return sum(sum(bytes_by_dtype(file).values()) for file in files)
    return sum(math.prod(info["shape"]) * element_bytes for file in files for info in _tensors(header(file)))


def bytes_by_dtype(file: Path) -> dict[str, int]:
    """Return the bytes of a safetensors file's weights by stored precision."""
    totals: dict[str, int] = {}
    for info in _tensors(header(file)):
        low, high = info["data_offsets"]
        totals[info["dtype"]] = totals.get(info["dtype"], 0) + high - low
    return totals


def stored_dtype(path: Path) -> str:
    """Return the precision that most weights at a path are stored in, torch's name."""
    bytes: dict[str, int] = {}
    for file in weight_files(path):
        for name, count in bytes_by_dtype(file).items():
            bytes[name] = bytes.get(name, 0) + count
    return _TORCH_NAMES.get(max(bytes, key=bytes.__getitem__, default="F32"), "float16")


def element_bytes(dtype: str) -> int:
    """Return the bytes per parameter of a precision, torch's name."""
    return {"float64": 8, "float32": 4}.get(dtype, 2)


def largest_layer(path: Path) -> int:
    """Return the number of parameters in the largest layer of the weights at a path."""
    layers: dict[str, int] = {}
    for file in weight_files(path):
        for name, info in header(file).items():
            if name != "__metadata__":
                layer = name.rpartition(".")[0]
                layers[layer] = layers.get(layer, 0) + math.prod(info["shape"])
    return max(layers.values(), default=0)


def file_bytes(path: Path) -> int:
    """Return the size of a file in bytes; 0 if it does not exist."""
    return path.stat().st_size if path.is_file() else 0


def module_bytes(module: Any) -> int:
    """Return the bytes of a torch module's parameters and buffers in memory."""
    return sum(tensor_bytes(module))


def tensor_bytes(module: Any) -> Iterator[int]:
    """Yield the bytes of each parameter and buffer of a module; for int8 tensors, of each of their inner tensors."""
    tensors = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return chain.from_iterable(map(_inner_bytes, tensors.values()))


def _inner_bytes(tensor: Any) -> Iterator[int]:
    """Yield the bytes of a tensor. An int8 tensor reports its unquantized size, so its inner tensors count instead."""
    if not hasattr(tensor, "__tensor_flatten__"):
        yield int(tensor.numel() * tensor.element_size())
        return
    for name in tensor.__tensor_flatten__()[0]:
        yield from _inner_bytes(getattr(tensor, name))


def _tensors(header: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (info for name, info in header.items() if name != "__metadata__")
