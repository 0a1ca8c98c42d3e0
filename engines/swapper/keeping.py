"""How a module's weights are kept: whole on the device or streamed to it, as they are stored or in eight bits."""

import os
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from engines import runtime
from engines.swapper import memory, sizes
from engines.swapper.device import Device

if TYPE_CHECKING:
    import torch

_FP8 = "float8_e4m3fn"
_EIGHT_BITS = 1.04
"""Bytes a number takes on average in eight bits: a little of a model is left as it is (norms, what has few numbers)."""
_UNPACKED = 8
"""Bytes a number of a packed layer takes while it works: it is unpacked by way of float32."""


class Keeping(BaseModel):
    """``dtype`` is the precision it computes in, torch's name, None its file's own.

    ``int8`` and ``fp8`` halve what half precision takes: layers rest in eight bits and are made larger while they work.
    ``int8`` is nearer to the whole, and leaves everything but linear layers as it is. ``packed`` is how many bytes a
    GGUF file's weights rest in. ``streamed`` leaves the weights in main memory and brings them to the device layer by
    layer, the next while one works.
    """

    model_config = ConfigDict(frozen=True)

    dtype: str | None = None
    fp8: bool = False
    streamed: bool = False
    int8: bool = False
    packed: int = 0

    @property
    def mark(self) -> str:
        """What tells a component kept so from one kept otherwise, for its key."""
        return "".join(f"+{way}" for way in ("int8", "fp8", "streamed") if getattr(self, way))

    @property
    def precision(self) -> str:
        """How its numbers rest: ``gguf``, ``int8``, ``fp8``, or torch's name of what they compute in."""
        small = "gguf" if self.packed else "int8" if self.int8 else "fp8" if self.fp8 else ""
        return small or self.dtype or "float32"


def held(numbers: int, layer: int, element_bytes: int, keeping: Keeping) -> tuple[int, int]:
    """Bytes of the device and of main memory that a module takes.

    It has ``numbers`` weights, ``layer`` of them in its largest layer, and computes with ``element_bytes`` each. Of
    what is streamed the device holds two layers at a time.
    """
    eight = keeping.int8 or keeping.fp8
    resting = keeping.packed or (round(numbers * _EIGHT_BITS) if eight else numbers * element_bytes)
    working = layer * _UNPACKED if keeping.packed else 0
    there = min(resting, 2 * layer * element_bytes) if keeping.streamed else resting
    return there + working, resting if keeping.streamed else 0


def settle(model: Any, keeping: Keeping, device: Device) -> Any:
    """Bring a freshly read module to where and how it is kept."""
    if keeping.int8:
        quantize(model, "cpu" if keeping.streamed else device.torch)
    if keeping.fp8:
        _cast(model)
    if keeping.streamed:
        _stream(model, device)
    else:
        model.to(device.torch)
    return model.eval().requires_grad_(False)


def dissolve(model: Any) -> None:
    """Give a module's memory back, even where something still refers to it; nothing that was hooked in stays."""
    _remove_streaming(model)
    model.to("meta")


def quantize(model: Any, place: str) -> None:
    """Let a model's linear layers rest in int8, a scale a row; each is made smaller on its own, where it will be."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    quantize_(model, Int8WeightOnlyConfig(version=2), device=place)


def _cast(model: Any) -> None:
    import torch

    dtype = model.dtype
    model.enable_layerwise_casting(storage_dtype=getattr(torch, _FP8), compute_dtype=dtype)
    for module in model.modules():
        # PEFT lays a LoRA beside a layer in the precision in which the layer rests, unless it is told another.
        if getattr(module, "_diffusers_hook", None) is not None:
            module.compute_dtype = dtype


def _stream(model: "torch.nn.Module", device: Device) -> None:
    """Layer by layer: what the library streams by blocks it copies back at every step, as far as it is in no block.

    A stream of its own moves the next layer meanwhile, out of pinned memory, which nothing can swap out.
    """
    from diffusers.hooks import apply_group_offloading

    pinned = device.torch.startswith("cuda") and (_pins_exactly() or pinned_bytes(model) <= memory.available())
    apply_group_offloading(
        model,
        onload_device=device.torch,
        offload_device="cpu",
        offload_type="leaf_level",
        use_stream=pinned,
    )


def _pins_exactly() -> bool:
    """Whether torch pins no more than it is asked to: then pinned weights take what was planned for them."""
    return any(runtime.PINNED_EXACT in os.environ.get(name, "") for name in runtime.ALLOCATOR_NAMES)


def pinned_bytes(module: Any) -> int:
    """Main memory that pinning a module's tensors takes where torch makes each block a power of two large."""
    return sum(1 << (count - 1).bit_length() for count in sizes.tensor_bytes(module) if count)


def _remove_streaming(model: "torch.nn.Module") -> None:
    """The hooks hold the weights in main memory."""
    from diffusers.hooks import group_offloading as library

    names = (library._GROUP_OFFLOADING, library._LAYER_EXECUTION_TRACKER, library._LAZY_PREFETCH_GROUP_OFFLOADING)
    for module in list(model.modules()):
        registry: Any = getattr(module, "_diffusers_hook", None)
        if registry is not None:
            if (hook := registry.get_hook(library._GROUP_OFFLOADING)) is not None:
                hook.group.cpu_param_dict.clear()  # pinned, and groups refer to each other
            for name in names:
                registry.remove_hook(name, recurse=False)
