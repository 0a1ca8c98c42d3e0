"""How large a model will be, read from its files before they are loaded."""

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
"""What diffusers and transformers call the files that they load; others beside them are for other programs."""
_MAX_HEADER = 100 * 2**20
_MAX_SIDES = 8
_TORCH_NAMES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def corrupt(path: Path, why: str) -> StudioError:
    """The one sentence for a model file that cannot be read."""
    return StudioError(
        "corrupt_model",
        f"The model file {path.name} cannot be read.",
        f"It is damaged or incomplete ({why.strip().rstrip('.')[:200]}).",
        "Remove the model on the Models page and download it again.",
        status=500,
    )


def weight_files(path: Path) -> list[Path]:
    """The safetensors files of a model: the file itself, or those of a folder that its library loads, in one
    precision: the shards that the index names, else the one whole file."""
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
    """The names of the files that the index of a variant lists; none where there is no index that can be read."""
    indices = [file for file in folder.glob("*.safetensors.index*.json") if variant_of(file.name) == wanted]
    try:
        return {str(name) for file in indices for name in json.loads(file.read_text())["weight_map"].values()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return set()


def variant_of(name: str) -> str:
    """The precision that a weight file is named after: ``fp16``; nothing where it has none."""
    found = _VARIANT.search(name)
    return found[1] if found else ""


def variant(names: Iterable[str]) -> str:
    """Which of a model's weight files are taken: half precision, else those named after none, else what there is."""
    there = {variant_of(name) for name in names}
    return next((one for one in ("fp16", "", "bf16", "fp32") if one in there), "ema")


def header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file. Raises StudioError where it is damaged or cut short."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = struct.unpack("<Q", first)[0] if len(first) == 8 else size
        if not 0 < length <= min(_MAX_HEADER, size - 8):
            raise corrupt(path, "it has no header")
        try:
            found: dict[str, Any] = json.loads(file.read(length))
            end = max(map(_end, _tensors(found)), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise corrupt(path, "its header makes no sense") from error
    if 8 + length + end != size:
        raise corrupt(path, f"it has {size} bytes where its header says {8 + length + end}")
    return found


def _end(info: dict[str, Any]) -> int:
    """Where a tensor ends, in bytes after the header.

    Raises ValueError, KeyError or TypeError where its entry makes no sense.
    """
    shape, (low, high) = info["shape"], info["data_offsets"]
    if not isinstance(info["dtype"], str) or not isinstance(shape, list) or len(shape) > _MAX_SIDES:
        raise ValueError("no tensor")
    if not all(type(number) is int and number >= 0 for number in (*shape, low, high)) or high < low:
        raise ValueError("no sizes")
    return int(high)


def intact(path: Path) -> bool:
    """Whether a model's safetensors files, and the config beside them, can be read; False where there are none."""
    try:
        files = [file for file in weight_files(path) if file.suffix == ".safetensors"]
        for file in files:
            header(file)
        config = path / "config.json"
        return bool(files) and (not config.is_file() or isinstance(json.loads(config.read_text()), dict))
    except (StudioError, OSError, ValueError, RecursionError):
        return False


def weight_bytes(path: Path, element_bytes: int | None = None) -> int:
    """Bytes of the weights at a path, as stored, or with ``element_bytes`` a number."""
    files = weight_files(path)
    if element_bytes is None:
        return sum(sum(bytes_by_dtype(file).values()) for file in files)
    return sum(math.prod(info["shape"]) * element_bytes for file in files for info in _tensors(header(file)))


def bytes_by_dtype(file: Path) -> dict[str, int]:
    """Bytes of a safetensors file's weights by the precision they are stored in."""
    found: dict[str, int] = {}
    for info in _tensors(header(file)):
        low, high = info["data_offsets"]
        found[info["dtype"]] = found.get(info["dtype"], 0) + high - low
    return found


def stored(path: Path) -> str:
    """The precision that most of the weights at a path are stored in, torch's name."""
    bytes: dict[str, int] = {}
    for file in weight_files(path):
        for name, count in bytes_by_dtype(file).items():
            bytes[name] = bytes.get(name, 0) + count
    return _TORCH_NAMES.get(max(bytes, key=bytes.__getitem__, default="F32"), "float16")


def element_bytes(dtype: str) -> int:
    """Bytes of one number in a precision, torch's name."""
    return {"float64": 8, "float32": 4}.get(dtype, 2)


def largest_layer(path: Path) -> int:
    """How many numbers the largest layer of the weights at a path holds."""
    layers: dict[str, int] = {}
    for file in weight_files(path):
        for name, info in header(file).items():
            if name != "__metadata__":
                layer = name.rpartition(".")[0]
                layers[layer] = layers.get(layer, 0) + math.prod(info["shape"])
    return max(layers.values(), default=0)


def file_bytes(path: Path) -> int:
    """Bytes of a file, 0 where it is not there."""
    return path.stat().st_size if path.is_file() else 0


def module_bytes(module: Any) -> int:
    """Bytes of a torch module's parameters and buffers as they lie in memory."""
    return sum(tensor_bytes(module))


def tensor_bytes(module: Any) -> Iterator[int]:
    """Bytes of each of a module's parameters and buffers; of one in int8, of each tensor that it is made of."""
    tensors = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return chain.from_iterable(map(_inner_bytes, tensors.values()))


def _inner_bytes(tensor: Any) -> Iterator[int]:
    """One in int8 says that it is as large as what it stands for: what it is made of counts."""
    if not hasattr(tensor, "__tensor_flatten__"):
        yield int(tensor.numel() * tensor.element_size())
        return
    for name in tensor.__tensor_flatten__()[0]:
        yield from _inner_bytes(getattr(tensor, name))


def _tensors(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (info for name, info in found.items() if name != "__metadata__")
