"""The placement of a module's weights: whole on the device or streamed to it, in stored precision or in eight bits."""

import os
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from engines import torch_setup
from engines.memory import host_memory
from engines.memory.device import Device
from engines.weights import sizes

if TYPE_CHECKING:
    import torch

_FP8 = "float8_e4m3fn"
_EIGHT_BITS = 1.04
"""Average bytes per parameter in eight bits: a small part of a model keeps its precision (norms, small layers)."""
_UNPACKED = 8
"""Bytes per parameter of a packed layer while it computes: it is unpacked via float32."""


class Placement(BaseModel):
    """``dtype`` is the precision it computes in (torch's name; None: that of its file).

    ``int8`` and ``fp8`` take half the memory of half precision: layers are stored in eight bits and converted while
    they compute. ``int8`` is closer to the original, and only affects linear layers. ``packed`` is the stored size in
    bytes of a GGUF file's weights. ``streamed`` keeps the weights in main memory and moves them to the device layer by
    layer, the next one while one computes.
    """

    model_config = ConfigDict(frozen=True)

    dtype: str | None = None
    fp8: bool = False
    streamed: bool = False
    int8: bool = False
    packed: int = 0

    @property
    def mark(self) -> str:
        """The suffix of a component's key that distinguishes this placement from others."""
        return "".join(f"+{way}" for way in ("int8", "fp8", "streamed") if getattr(self, way))

    @property
    def precision(self) -> str:
        """The storage precision: ``gguf``, ``int8``, ``fp8``, or torch's name of the compute precision."""
        small = "gguf" if self.packed else "int8" if self.int8 else "fp8" if self.fp8 else ""
        return small or self.dtype or "float32"


def bytes_needed(numbers: int, layer: int, element_bytes: int, placement: Placement) -> tuple[int, int]:
    """Return the bytes that a module takes on the device and in main memory.

    It has ``numbers`` parameters, ``layer`` of them in its largest layer, and computes with ``element_bytes`` each.
    When streamed, the device holds two layers at a time.
    """
    eight = placement.int8 or placement.fp8
    resting = placement.packed or (round(numbers * _EIGHT_BITS) if eight else numbers * element_bytes)
    working = layer * _UNPACKED if placement.packed else 0
    there = min(resting, 2 * layer * element_bytes) if placement.streamed else resting
    return there + working, resting if placement.streamed else 0


def place_model(model: Any, placement: Placement, device: Device) -> Any:
    """Move a newly loaded module to its placement."""
    if placement.int8:
        quantize(model, "cpu" if placement.streamed else device.torch)
    if placement.fp8:
        _cast(model)
    if placement.streamed:
        _stream(model, device)
    else:
        model.to(device.torch)
    return model.eval().requires_grad_(False)


def release_model(model: Any) -> None:
    """Free a module's memory, even if something still refers to it, and remove all hooks."""
    _remove_streaming(model)
    model.to("meta")


def quantize(model: Any, place: str) -> None:
    """Quantize a model's linear layers to int8 with one scale per row; each is quantized on its target device."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    quantize_(model, Int8WeightOnlyConfig(version=2), device=place)


def _cast(model: Any) -> None:
    import torch

    dtype = model.dtype
    model.enable_layerwise_casting(storage_dtype=getattr(torch, _FP8), compute_dtype=dtype)
    for module in model.modules():
        # PEFT adds a LoRA in the layer's storage precision unless another is given.
        if getattr(module, "_diffusers_hook", None) is not None:
            module.compute_dtype = dtype


def _stream(model: "torch.nn.Module", device: Device) -> None:
    """Stream layer by layer: when streaming blocks, the library copies layers outside of blocks back at every step.

    A separate CUDA stream loads the next layer meanwhile, from pinned memory, which cannot be swapped out.
    """
    from diffusers.hooks import apply_group_offloading

    pinned = device.torch.startswith("cuda") and (_pins_exactly() or pinned_bytes(model) <= host_memory.available())
    apply_group_offloading(
        model,
        onload_device=device.torch,
        offload_device="cpu",
        offload_type="leaf_level",
        use_stream=pinned,
    )


def _pins_exactly() -> bool:
    """Whether torch pins exactly the requested bytes, so that pinned weights take the planned memory."""
    return any(torch_setup.PINNED_EXACT in os.environ.get(name, "") for name in torch_setup.ALLOCATOR_NAMES)


def pinned_bytes(module: Any) -> int:
    """Return the main memory needed to pin a module's tensors if torch rounds each block up to a power of two."""
    return sum(1 << (count - 1).bit_length() for count in sizes.tensor_bytes(module) if count)


def _remove_streaming(model: "torch.nn.Module") -> None:
    """Remove the streaming hooks, which hold the weights in main memory."""
    from diffusers.hooks import group_offloading as library

    names = (library._GROUP_OFFLOADING, library._LAYER_EXECUTION_TRACKER, library._LAZY_PREFETCH_GROUP_OFFLOADING)
    for module in list(model.modules()):
        registry: Any = getattr(module, "_diffusers_hook", None)
        if registry is not None:
            if (hook := registry.get_hook(library._GROUP_OFFLOADING)) is not None:
                hook.group.cpu_param_dict.clear()  # pinned memory; groups refer to each other
            for name in names:
                registry.remove_hook(name, recurse=False)
