"""Upscalers on torch: Swin2SR as transformers has it, and the architectures that spandrel tells by their tensors."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines import runtime
from engines.catalog import Entry
from engines.swapper import Component, Device, TorchModule
from engines.swapper.component import reading
from engines.swapper.pretrained import pretrained
from engines.swapper.sizes import weight_bytes
from errors import StudioError

if TYPE_CHECKING:
    import torch


def component(path: Path, entry: Entry, device: Device) -> Component:
    """The network of an entry: a file for spandrel, or a folder in the shape of the hub's."""
    if path.is_dir():
        return pretrained({"model": path}, device, entry.name)["model"]

    def build(device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
        with reading(path):
            return _described(path, device, dtype)

    return TorchModule(str(path), build, weight_bytes(path), note=entry.name)


def _described(path: Path, device: "torch.device", dtype: "torch.dtype | None") -> "torch.nn.Module":
    """The network in a safetensors file, of whatever architecture its tensors are. Nothing in the file is run."""
    runtime.heavy("spandrel")
    import torch
    from safetensors.torch import load_file
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError

    try:
        descriptor = ModelLoader(torch.device("cpu")).load_from_state_dict(load_file(path))
    except UnsupportedModelError as error:
        raise _no_upscaler(path, "It is of no architecture that is known.") from error
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.input_channels != 3 or descriptor.scale < 2:
        raise _no_upscaler(path, "It does not make pictures larger.")
    if dtype is None:
        dtype = torch.float16 if device.type == "cuda" else torch.float32
    if dtype == torch.float16 and not descriptor.supports_half:
        dtype = torch.float32

    class Described(torch.nn.Module):
        """The network and how it wants to be fed: its descriptor pads to the sizes that it can take."""

        def __init__(self) -> None:
            super().__init__()
            self.net = descriptor.model
            self.scale = int(descriptor.scale)

        def forward(self, planes: "torch.Tensor") -> "torch.Tensor":
            enlarged: torch.Tensor = descriptor(planes)
            return enlarged

    return Described().to(device=device, dtype=dtype)


def native(model: Any) -> int:
    """How many times a loaded network enlarges."""
    return int(getattr(model, "scale", 0) or model.config.upscale)


def through(model: Any, planes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[3, height, width], 0 to 1, enlarged."""
    import torch

    weight, (height, width) = next(model.parameters()), planes.shape[1:]
    window = model.config.window_size if hasattr(model, "config") else 1  # Swin2SR takes whole windows only
    whole = np.pad(planes, ((0, 0), (0, -height % window), (0, -width % window)), mode="edge")
    with torch.inference_mode():
        made = model(torch.from_numpy(whole)[None].to(weight.device, weight.dtype))
        large = getattr(made, "reconstruction", made)[0].float().cpu().numpy()
    scale = native(model)
    return np.asarray(large[:, : height * scale, : width * scale])


def _no_upscaler(path: Path, why: str) -> StudioError:
    return StudioError(
        "no_upscaler", f"{path.name} cannot be used for enlarging.", why, "Choose another model.", status=422
    )
