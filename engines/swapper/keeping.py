"""How a module's weights are kept: whole on the device or streamed to it, as they are stored or cast to fp8 at rest."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from engines.swapper.device import Device

if TYPE_CHECKING:
    import torch

_FP8 = "float8_e4m3fn"
_FP8_BYTES = 1.04
"""Bytes a number takes on average once a model is cast: a little of it is not (norms, the first and last layer)."""


class Keeping(BaseModel):
    """``dtype`` is the precision it computes in, torch's name, None its file's own.

    ``fp8`` halves what half precision takes: layers rest in eight bits and are cast up while they work. ``streamed``
    leaves the weights in main memory and brings them to the device layer by layer, the next while one works.
    """

    model_config = ConfigDict(frozen=True)

    dtype: str | None = None
    fp8: bool = False
    streamed: bool = False

    @property
    def mark(self) -> str:
        """What tells a component kept so from one kept otherwise, for its key."""
        return ("+fp8" if self.fp8 else "") + ("+streamed" if self.streamed else "")


def held(numbers: int, layer: int, element_bytes: int, keeping: Keeping) -> tuple[int, int]:
    """Bytes of the device and of main memory that a module takes.

    It has ``numbers`` weights, ``layer`` of them in its largest layer, and computes with ``element_bytes`` each. Of
    what is streamed the device holds two layers at a time.
    """
    resting = round(numbers * _FP8_BYTES) if keeping.fp8 else numbers * element_bytes
    return (min(resting, 2 * layer * element_bytes), resting) if keeping.streamed else (resting, 0)


def settle(model: Any, keeping: Keeping, device: Device) -> Any:
    """Bring a freshly read module to where and how it is kept."""
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


def _cast(model: Any) -> None:
    import torch

    dtype = model.dtype
    model.enable_layerwise_casting(storage_dtype=getattr(torch, _FP8), compute_dtype=dtype)
    for module in model.modules():
        # PEFT lays a LoRA beside a layer in the precision in which the layer rests, unless it is told another.
        if getattr(module, "_diffusers_hook", None) is not None:
            module.compute_dtype = dtype


def _stream(model: "torch.nn.Module", device: Device) -> None:
    """Layer by layer: what the library streams by blocks it copies back at every step, as far as it is in no block."""
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        model,
        onload_device=device.torch,
        offload_device="cpu",
        offload_type="leaf_level",
        # A stream of its own moves the next layer meanwhile, and nothing is copied back: its source is still there.
        use_stream=device.torch.startswith("cuda"),
    )


def _remove_streaming(model: "torch.nn.Module") -> None:
    """The hooks hold the weights in main memory."""
    from diffusers.hooks import group_offloading as library

    names = (library._GROUP_OFFLOADING, library._LAYER_EXECUTION_TRACKER, library._LAZY_PREFETCH_GROUP_OFFLOADING)
    for module in list(model.modules()):
        registry: Any = getattr(module, "_diffusers_hook", None)
        if registry is not None:
            for name in names:
                registry.remove_hook(name, recurse=False)
