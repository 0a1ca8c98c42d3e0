"""The weights of a LoRA as diffusers reads them: safetensors only, in one precision, with what scales them worked in.

Programs write down in different places by how much a LoRA is to be scaled (``alpha`` beside the weights, or settings in
the header). Here it is multiplied into the weights themselves, and no ``alpha`` is handed on: diffusers then takes each
layer's rank for its alpha. The alphas of some layouts it names so that peft finds none of them, and then every layer
whose rank is not the commonest is scaled wrongly.
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
"""The two halves of a change, by what their names end with."""
_SETTINGS = "lora_adapter_metadata"
"""Where diffusers writes the settings of peft: ``<part>.lora_alpha``, ``<part>.alpha_pattern`` …"""


def read(path: Path, dtype: "torch.dtype", *, encoders: bool) -> "dict[str, torch.Tensor]":
    """The weights that change what reads (``encoders``), or what paints; empty where there are none.

    Names are as in the file, but for what peft puts before and between them and what diffusers called the halves of a
    change before.
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
    """Leave out what is added to norms and biases where it is nothing: some trainers write zeros for all of them."""
    for name in [name for name in state if (part := layouts.part(name)) and part.ending in layouts.REPLACED]:
        if not state[name].float().any():
            del state[name]


def _scale(state: "dict[str, torch.Tensor]", settings: Mapping[str, Any]) -> None:
    """Multiply into each change what it is scaled by, and take out of the state what said so."""
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
        del state[name]  # of no pair


def _join_middles(state: "dict[str, torch.Tensor]") -> None:
    """Work the middle of three (Tucker's form of a convolution) into the first, so that two are left."""
    import torch

    for name in [name for name in state if name.endswith(".lora_mid.weight")]:
        middle, down = state.pop(name), f"{name.removesuffix('mid.weight')}down.weight"
        if down in state:
            state[down] = torch.einsum("rskl,si->rikl", middle.float(), state[down].float().flatten(1))


def _settings(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        found = json.loads(metadata.get(_SETTINGS) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _set(stem: str, rank: int, settings: Mapping[str, Any]) -> float:
    """By how much peft's settings scale a layer; 1 where they say nothing."""
    part, _, layer = stem.partition(".")
    alpha = settings.get(f"{part}.lora_alpha")
    patterns = settings.get(f"{part}.alpha_pattern")
    for pattern, own in patterns.items() if isinstance(patterns, dict) else ():
        if layer == pattern.lstrip("^") or layer.endswith(f".{pattern}"):
            alpha = own
    if not isinstance(alpha, int | float) or not math.isfinite(alpha):
        return 1.0
    return float(alpha) / (math.sqrt(rank) if settings.get(f"{part}.use_rslora") else rank)
