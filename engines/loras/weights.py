"""Load a LoRA's weights for diffusers: safetensors only, in one dtype, with their scale applied.

Programs store the scale of a LoRA in different places (``alpha`` tensors, or settings in the header). Here the scale is
multiplied into the weights and no ``alpha`` is passed on, so that diffusers uses each layer's rank as its alpha. For
some layouts, diffusers renames the alphas so that peft does not find them, and every layer whose rank is not the most
common one would be scaled incorrectly.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.loras import layouts

if TYPE_CHECKING:
    import torch

_PAIRS = (
    ("lora_down.weight", "lora_up.weight"),
    ("lora_A.weight", "lora_B.weight"),
    ("lora.down.weight", "lora.up.weight"),
)
"""Name endings of the two matrices of a pair."""
_SETTINGS = "lora_adapter_metadata"
"""Header key of diffusers for peft's settings: ``<part>.lora_alpha``, ``<part>.alpha_pattern`` …"""


def read(path: Path, dtype: "torch.dtype", *, encoders: bool) -> "dict[str, torch.Tensor]":
    """Load the weights for the text encoders (``encoders``) or for the denoiser; empty if there are none.

    Names are those of the file, without peft's prefixes and adapter names and in diffusers' current form.
    """
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        names = list(file.keys())
        painting, reading = layouts.halves(names)
        state = {name: file.get_tensor(name) for name in (reading if encoders else painting)}
        settings = _settings(file.metadata() or {})
    plain = {layouts.plain(name): tensor for name, tensor in state.items()}
    _drop_zeros(plain)
    _scale(plain, settings)
    _join_middles(plain)
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in plain.items()}


def _drop_zeros(state: "dict[str, torch.Tensor]") -> None:
    """Drop whole-weight changes that are zero: some trainers write them for all norms and biases."""
    for name in [name for name in state if (part := layouts.part(name)) and part.ending in layouts.REPLACED]:
        if not state[name].float().any():
            del state[name]


def _scale(state: "dict[str, torch.Tensor]", settings: Mapping[str, Any]) -> None:
    """Multiply the scale into each pair, and drop the alphas and scalars."""
    for down, up in _PAIRS:
        for name in [name for name in state if name.endswith(down)]:
            stem = name.removesuffix(f".{down}")
            if f"{stem}.{up}" not in state:
                continue
            rank = state[name].shape[0]
            alpha, scalar = state.pop(f"{stem}.alpha", None), state.pop(f"{stem}.scalar", None)
            if alpha is not None and alpha.numel():
                scale = float(alpha.float().mean()) / rank
            else:
                scale = _set(stem, rank, settings)
            if scalar is not None:
                scale *= float(scalar.float().mean())
            if scale != 1:
                state[f"{stem}.{up}"] = state[f"{stem}.{up}"].float() * scale
    for name in [name for name in state if name.endswith((".alpha", ".scalar"))]:
        del state[name]  # without a pair


def _join_middles(state: "dict[str, torch.Tensor]") -> None:
    """Multiply the middle matrix of a Tucker-decomposed convolution into the first, so that a pair is left."""
    import torch

    for name in [name for name in state if name.endswith(".lora_mid.weight")]:
        middle, down = state.pop(name), f"{name.removesuffix('mid.weight')}down.weight"
        if down in state:
            state[down] = torch.einsum("rskl,si->rikl", middle.float(), state[down].float().flatten(1))


def _settings(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        settings = json.loads(metadata.get(_SETTINGS) or "{}")
    except (ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _set(stem: str, rank: int, settings: Mapping[str, Any]) -> float:
    """Return the scale of a layer in peft's settings, or 1."""
    part, _, layer = stem.partition(".")
    alpha = settings.get(f"{part}.lora_alpha")
    patterns = settings.get(f"{part}.alpha_pattern")
    for pattern, own in patterns.items() if isinstance(patterns, dict) else ():
        if layer == pattern.lstrip("^") or layer.endswith(f".{pattern}"):
            alpha = own
    if not isinstance(alpha, int | float) or not math.isfinite(alpha):
        return 1.0
    return float(alpha) / (math.sqrt(rank) if settings.get(f"{part}.use_rslora") else rank)
