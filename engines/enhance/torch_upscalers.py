"""Upscalers on torch: Swin2SR from transformers, and the architectures that spandrel recognizes by their tensors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines import torch_setup
from engines.catalog import Entry
from engines.memory import Component, Device, TorchModule
from engines.memory.component import load_errors
from engines.weights.pretrained import pretrained
from engines.weights.sizes import weight_bytes
from errors import StudioError

if TYPE_CHECKING:
    import torch


def component(path: Path, entry: Entry, device: Device) -> Component:
    """Return the network of an entry: a file for spandrel, or a folder laid out like on the hub."""
    if path.is_dir():
        return pretrained({"model": path}, device, entry.name)["model"]

    def build(device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
        with load_errors(path):
            return _load_upscaler(path, device, dtype)

    return TorchModule(str(path), build, weight_bytes(path), note=entry.name)


def _load_upscaler(path: Path, device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
    """Return the network in a safetensors file; its tensors determine the architecture. No code in the file is run."""
    torch_setup.import_heavy("spandrel")
    import torch
    from safetensors.torch import load_file
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError

    try:
        descriptor = ModelLoader(torch.device("cpu")).load_from_state_dict(load_file(path))
    except UnsupportedModelError as error:
        raise _no_upscaler(path, "Its architecture is unknown.") from error
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.input_channels != 3 or descriptor.scale < 2:
        raise _no_upscaler(path, "It does not enlarge RGB pictures.")
    if dtype is None:
        dtype = torch.float16 if device.type == "cuda" else torch.float32
    if dtype == torch.float16 and not descriptor.supports_half:
        dtype = torch.float32

    class Described(torch.nn.Module):
        """The network with its descriptor, which pads to the sizes it supports."""

        def __init__(self) -> None:
            super().__init__()
            self.net = descriptor.model
            self.scale = int(descriptor.scale)

        def forward(self, planes: "torch.Tensor") -> "torch.Tensor":
            enlarged: torch.Tensor = descriptor(planes)
            return enlarged

    return Described().to(device=device, dtype=dtype)


def native(model: Any) -> int:
    """Return the scale of a loaded network."""
    return int(getattr(model, "scale", 0) or model.config.upscale)


def run_network(model: Any, planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return planes [3, height, width], 0 to 1, upscaled."""
    import torch

    weight, (height, width) = next(model.parameters()), planes.shape[1:]
    window = model.config.window_size if hasattr(model, "config") else 1  # Swin2SR needs whole windows
    whole = np.pad(planes, ((0, 0), (0, -height % window), (0, -width % window)), mode="edge")
    with torch.inference_mode():
        output = model(torch.from_numpy(whole)[None].to(weight.device, weight.dtype))
        large = getattr(output, "reconstruction", output)[0].float().cpu().numpy()
    scale = native(model)
    return np.asarray(large[:, : height * scale, : width * scale])


def _no_upscaler(path: Path, why: str) -> StudioError:
    return StudioError(
        "no_upscaler", f"{path.name} cannot be used for upscaling.", why, "Choose another model.", status=422
    )
