"""Denoisers quantized by others: a safetensors file in float8, with or without a scale for each layer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import torch_setup
from engines.memory.component import Place, load_errors
from engines.memory.device import Device
from engines.memory.placement import Placement, bytes_needed, place_model, quantize, release_model
from engines.weights import sizes
from engines.weights.single_file import config_of
from errors import StudioError

if TYPE_CHECKING:
    import torch

_SCALES = ("weight_scale", "scale_weight")
"""Names of a layer's scale tensor, in newer and older files."""
_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.")
_WEIGHT = "weight"

State = dict[str, "torch.Tensor"]


def is_float8(path: Path) -> bool:
    """Whether most parameters of a safetensors file are in float8. Raises StudioError if it is damaged."""
    bytes_by_dtype = sizes.bytes_by_dtype(path)
    return max(bytes_by_dtype, key=bytes_by_dtype.__getitem__, default="").startswith("F8_")


class Float8Component:
    """A denoiser in a float8 file, computing in ``keeping.dtype``; its config ships with the studio.

    Each layer is converted to that precision while loading, and immediately quantized if placed in int8, so that only
    one layer at a time is in memory in more than one precision. Raises StudioError if the file is damaged or its family
    is unknown.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, placement: Placement, note: str) -> None:
        self.note = note
        self._path, self._name, self._placement = path, name, placement
        self._dtype = placement.dtype or "bfloat16"
        self.key = f"{path}#{self._dtype}{placement.mark}"
        numbers, layer = sizes.weight_bytes(path, 1), sizes.largest_layer(path)
        self.bytes, self.host_bytes = bytes_needed(numbers, layer, sizes.element_bytes(self._dtype), placement)

    def load(self, device: Device) -> Any:
        torch_setup.import_heavy("diffusers", "accelerate")
        import accelerate
        import diffusers
        import torch
        from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

        config = json.loads(config_of(self._path, self._name).read_text())
        with load_errors(self._path):
            kind = getattr(diffusers, config["_class_name"])
            with accelerate.init_empty_weights():
                model = kind.from_config(config)
            renamed = SINGLE_FILE_LOADABLE_CLASSES[config["_class_name"]]["checkpoint_mapping_fn"]
            weights, scales = (renamed(checkpoint=state, config=config) for state in _read(self._path))
            place = "cpu" if self._placement.streamed else device.torch
            for name, module in model.named_modules():
                _fill(module, name, weights, scales, dtype=getattr(torch, self._dtype), place=place)
                if self._placement.int8 and isinstance(module, torch.nn.Linear):
                    quantize(module, place)
            if weights:
                raise ValueError(f"{next(iter(weights))} belongs to no layer")
        return place_model(model, self._placement.model_copy(update={"int8": False}), device)

    def drop(self, model: Any) -> None:
        release_model(model)


def _read(path: Path) -> tuple[State, State]:
    """Return the weights of a file, and a scale for each row under the same names and with the same number of rows.

    Both can then be renamed, split and permuted by the library's conversion for full-precision weights.
    """
    from safetensors.torch import load_file

    tensors = {_bare(name): tensor for name, tensor in load_file(path).items()}
    weights = {name: tensor for name, tensor in tensors.items() if _belongs(name, tensors)}
    return weights, {name: _scale(name, tensor, tensors) for name, tensor in weights.items()}


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def _belongs(name: str, tensors: Mapping[str, Any]) -> bool:
    """Whether a tensor belongs to the model, and is not a scale or a marker of the program that made the file."""
    layer, _, last = name.rpartition(".")
    of_a_layer = last.endswith(("_scale", "_quant")) or last.startswith("scale_")
    return not ((of_a_layer and f"{layer}.{_WEIGHT}" in tensors) or name == "scaled_fp8" or name.startswith("__"))


def _scale(name: str, tensor: "torch.Tensor", tensors: Mapping[str, "torch.Tensor"]) -> "torch.Tensor":
    import torch

    layer, _, last = name.rpartition(".")
    scale = next((tensors[f"{layer}.{one}"] for one in _SCALES if f"{layer}.{one}" in tensors), None)
    rows = (tensor.shape[0] if tensor.ndim else 1, *(1,) * (tensor.ndim - 1))
    if last != _WEIGHT or scale is None:
        return torch.ones(1).expand(rows)
    if scale.numel() not in (1, rows[0]):
        raise StudioError(
            "unsupported_model",
            "This float8 file is scaled in a way that the studio does not support.",
            f"Its layer {layer} has {scale.numel()} scales for {rows[0]} rows.",
            "Use a float8 file with one scale per layer, or the full model.",
            status=422,
        )
    return scale.float().reshape(-1, *(1,) * (tensor.ndim - 1)).expand(rows)


def _fill(module: Any, name: str, weights: State, scales: State, *, dtype: "torch.dtype", place: str) -> None:
    """Set the weights of a module, but not of its submodules, and remove them from ``weights`` and ``scales``."""
    import torch

    for own, empty in list(module.named_parameters(recurse=False)):
        full = f"{name}.{own}" if name else own
        if full not in weights or weights[full].shape != empty.shape:
            raise ValueError(f"{full} is missing, or of another shape")
        plain = weights.pop(full).to(place).to(dtype)  # represents float8 exactly
        plain *= scales.pop(full).to(place)
        module.register_parameter(own, torch.nn.Parameter(plain, requires_grad=False))
