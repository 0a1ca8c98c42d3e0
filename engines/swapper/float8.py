"""Denoisers that others made small: a safetensors file in float8, with or without a scale for each layer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines import runtime
from engines.swapper import sizes
from engines.swapper.checkpoint import config_of
from engines.swapper.component import Place, reading
from engines.swapper.device import Device
from engines.swapper.keeping import Keeping, dissolve, held, quantize, settle
from errors import StudioError

if TYPE_CHECKING:
    import torch

_SCALES = ("weight_scale", "scale_weight")
"""What a layer's scale is called beside its ``weight``, in newer files and in older ones."""
_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.")
_WEIGHT = "weight"

State = dict[str, "torch.Tensor"]


def is_float8(path: Path) -> bool:
    """Whether most of a safetensors file's numbers are in float8. Raises StudioError where it is damaged."""
    found = sizes.bytes_by_dtype(path)
    return max(found, key=found.__getitem__, default="").startswith("F8_")


class Float8:
    """A denoiser in a float8 file, computing in ``keeping.dtype``; its config comes with the studio.

    Each layer is brought to that precision as it is read, and to int8 at once where it is kept so: only one layer at a
    time lies in memory in more than one precision. Raises StudioError where the file is damaged or of a family that is
    not known here.
    """

    place: Place = "device"

    def __init__(self, path: Path, name: str, keeping: Keeping, note: str) -> None:
        self.note = note
        self._path, self._name, self._keeping = path, name, keeping
        self._dtype = keeping.dtype or "bfloat16"
        self.key = f"{path}#{self._dtype}{keeping.mark}"
        numbers, layer = sizes.weight_bytes(path, 1), sizes.largest_layer(path)
        self.bytes, self.beside_bytes = held(numbers, layer, sizes.element_bytes(self._dtype), keeping)

    def load(self, device: Device) -> Any:
        runtime.heavy("diffusers", "accelerate")
        import accelerate
        import diffusers
        import torch
        from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

        config = json.loads(config_of(self._path, self._name).read_text())
        with reading(self._path):
            kind = getattr(diffusers, config["_class_name"])
            with accelerate.init_empty_weights():
                model = kind.from_config(config)
            renamed = SINGLE_FILE_LOADABLE_CLASSES[config["_class_name"]]["checkpoint_mapping_fn"]
            weights, scales = (renamed(checkpoint=state, config=config) for state in _read(self._path))
            place = "cpu" if self._keeping.streamed else device.torch
            for name, module in model.named_modules():
                _fill(module, name, weights, scales, dtype=getattr(torch, self._dtype), place=place)
                if self._keeping.int8 and isinstance(module, torch.nn.Linear):
                    quantize(module, place)
            if weights:
                raise ValueError(f"{next(iter(weights))} belongs to no layer")
        return settle(model, self._keeping.model_copy(update={"int8": False}), device)

    def drop(self, model: Any) -> None:
        dissolve(model)


def _read(path: Path) -> tuple[State, State]:
    """The weights of a file, and by the same names and in the same number of rows what each row is to be multiplied by.

    So both can be renamed, split and turned around by what does so for whole weights.
    """
    from safetensors.torch import load_file

    held = {_bare(name): tensor for name, tensor in load_file(path).items()}
    weights = {name: tensor for name, tensor in held.items() if _belongs(name, held)}
    return weights, {name: _scale(name, tensor, held) for name, tensor in weights.items()}


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def _belongs(name: str, held: Mapping[str, Any]) -> bool:
    """Whether a tensor is the model's own, not a scale or a mark of the program that made the file."""
    layer, _, last = name.rpartition(".")
    of_a_layer = last.endswith(("_scale", "_quant")) or last.startswith("scale_")
    return not ((of_a_layer and f"{layer}.{_WEIGHT}" in held) or name == "scaled_fp8" or name.startswith("__"))


def _scale(name: str, tensor: "torch.Tensor", held: Mapping[str, "torch.Tensor"]) -> "torch.Tensor":
    import torch

    layer, _, last = name.rpartition(".")
    found = next((held[f"{layer}.{one}"] for one in _SCALES if f"{layer}.{one}" in held), None)
    rows = (tensor.shape[0] if tensor.ndim else 1, *(1,) * (tensor.ndim - 1))
    if last != _WEIGHT or found is None:
        return torch.ones(1).expand(rows)
    if found.numel() not in (1, rows[0]):
        raise StudioError(
            "unsupported_model",
            "This float8 file is scaled in a way that the studio does not support.",
            f"Its layer {layer} has {found.numel()} scales for {rows[0]} rows.",
            "Take a float8 file with one scale a layer, or the whole model.",
            status=422,
        )
    return found.float().reshape(-1, *(1,) * (tensor.ndim - 1)).expand(rows)


def _fill(module: Any, name: str, weights: State, scales: State, *, dtype: "torch.dtype", place: str) -> None:
    """Give a module, not those inside of it, its weights; what is filled in is let go of."""
    import torch

    for own, empty in list(module.named_parameters(recurse=False)):
        full = f"{name}.{own}" if name else own
        if full not in weights or weights[full].shape != empty.shape:
            raise ValueError(f"{full} is missing, or of another shape")
        plain = weights.pop(full).to(place).to(dtype)  # which holds float8 exactly
        plain *= scales.pop(full).to(place)
        module.register_parameter(own, torch.nn.Parameter(plain, requires_grad=False))
