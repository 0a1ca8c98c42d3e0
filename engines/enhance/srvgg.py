"""Real-ESRGAN's small network (SRVGGNetCompact, Wang et al. 2021) on torch, read from its ncnn files.

Jobs of torch models upscale with it: without memory, ncnn ends the whole process, while torch raises an error.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines.memory import TorchModule
from engines.memory.component import load_errors
from engines.weights.sizes import corrupt, file_bytes

if TYPE_CHECKING:
    import torch

_MOST_BYTES = 2**23
"""More than any such network needs."""
_HALF = 0x01306B47
"""The tag of weights in half precision."""
_BICUBIC = "3"

Floats = npt.NDArray[np.float32]


def component(key: str, param: Path, bin: Path, note: str) -> TorchModule:
    """Return the network of a pair of ncnn files; loading raises StudioError if they are damaged or do not match."""

    def build(device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
        import torch

        with load_errors(param), load_errors(bin):
            module = _network(param, bin).to(device=device, dtype=dtype)
            # A quarter faster on a CPU.
            laid: torch.nn.Module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            return laid

    return TorchModule(key, build, 2 * file_bytes(bin), note)  # stored in half precision, run in float32


def run_network(model: Any, planes: Floats) -> Floats:
    """Return planes [3, height, width], 0 to 1, upscaled."""
    import torch

    weight = next(model.parameters())
    with torch.inference_mode():
        output = model(torch.from_numpy(planes)[None].to(weight.device, weight.dtype))
        return np.asarray(output[0].float().cpu().numpy())


def _network(param: Path, bin: Path) -> "torch.nn.Module":
    import torch
    from torch.nn import functional

    layers, upscale, shrink = _layers(param, bin)

    class Compact(torch.nn.Module):
        """Convolutions at the input size; their pixel-shuffled result is added to the nearest-neighbor upscale."""

        def __init__(self) -> None:
            super().__init__()
            self.body = torch.nn.Sequential(*layers)

        def forward(self, planes: "torch.Tensor") -> "torch.Tensor":
            large = functional.pixel_shuffle(self.body(planes), upscale)
            large = large + functional.interpolate(planes, scale_factor=upscale, mode="nearest")
            return large if shrink == 1 else functional.interpolate(large, scale_factor=shrink, mode="bicubic")

    return Compact()


def _layers(param: Path, bin: Path) -> "tuple[list[torch.nn.Module], int, float]":
    """Return the layers with their weights, their scale, and the factor of the final resize."""
    if max(file_bytes(param), file_bytes(bin)) > _MOST_BYTES:
        raise corrupt(bin, "it is too large for this network")
    weights, layers, upscale, shrink = _Weights(bin), [], 0, 1.0
    for line in param.read_text().splitlines()[2:]:
        kind, _, *rest = line.split()
        options = dict(one.split("=") for one in rest if "=" in one)
        if kind == "Convolution":
            layers.append(_convolution(options, weights))
        elif kind == "PReLU":
            layers.append(_prelu(int(options["0"]), weights))
        elif kind == "PixelShuffle":
            upscale = int(options["0"])
        elif kind == "Interp" and options["0"] == _BICUBIC:
            shrink = float(options["1"])
    if not upscale or weights.left:
        raise corrupt(bin, "it contains another network than its description says")
    return layers, upscale, shrink


def _convolution(options: dict[str, str], weights: "_Weights") -> "torch.nn.Module":
    import torch

    outputs, size = int(options["0"]), int(options["1"])
    inputs = int(options["6"]) // (outputs * size * size)
    layer = torch.nn.Conv2d(inputs, outputs, size, padding=int(options["4"]))
    layer.weight.data = torch.from_numpy(weights.tagged(int(options["6"])).reshape(outputs, inputs, size, size))
    layer.bias.data = torch.from_numpy(weights.plain(outputs))  # type: ignore[union-attr]
    return layer


def _prelu(count: int, weights: "_Weights") -> "torch.nn.Module":
    import torch

    layer = torch.nn.PReLU(count)
    layer.weight.data = torch.from_numpy(weights.plain(count))
    return layer


class _Weights:
    """The weights of a ``.bin`` file, layer after layer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.read_bytes()
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def tagged(self, count: int) -> Floats:
        """Read weights after a tag that gives their precision, padded to four bytes."""
        half = int.from_bytes(self._take(4), "little") == _HALF
        bytes = self._take(-(-count // 2) * 4 if half else count * 4)
        return np.frombuffer(bytes, "<f2" if half else "<f4", count).astype(np.float32)

    def plain(self, count: int) -> Floats:
        """Read weights in full precision."""
        return np.frombuffer(self._take(4 * count), "<f4").astype(np.float32)

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise corrupt(self._path, "it is cut short")
        self._at += count
        return self._data[self._at - count : self._at]
