"""The weights of a LoRA as diffusers reads them: safetensors only, in one precision, with what scales them worked in.

Programs write down in different places by how much a LoRA is to be scaled (``alpha`` beside the weights, or settings in
the header). Here it is multiplied into the weights themselves, so that the reader of no layout can overlook it.
"""

import json
import math
import re
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

    Names are as in the file, but for what peft puts before and between them.
    """
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        names = list(file.keys())
        painting, reading = layouts.halves(names)
        state = {name: file.get_tensor(name) for name in (reading if encoders else painting)}
        settings = _settings(file.metadata() or {})
    plain = {_plain(name): tensor for name, tensor in state.items()}
    _scale(plain, settings)
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in plain.items()}


def _plain(name: str) -> str:
    """A name without ``base_model.model.`` and without the name of an adapter (``lora_A.default.weight``)."""
    name = re.sub(r"\.(lora_[AB])\.(?!weight|bias)\w+\.(weight|bias)$", r".\1.\2", name)
    return name.removeprefix("base_model.model.")


def _scale(state: "dict[str, torch.Tensor]", settings: Mapping[str, Any]) -> None:
    """Multiply into each change what it is scaled by; an ``alpha`` that stands by it then says that nothing is left."""
    import torch

    for down, up in _PAIRS:
        for name in [name for name in state if name.endswith(down)]:
            stem = name.removesuffix(f".{down}")
            if f"{stem}.{up}" not in state:
                continue
            rank = state[name].shape[0]
            if f"{stem}.alpha" in state:
                scale = float(state[f"{stem}.alpha"].float().mean()) / rank
                state[f"{stem}.alpha"] = torch.tensor(float(rank))
            else:
                scale = _set(stem, rank, settings)
            if scale != 1:
                state[f"{stem}.{up}"] = state[f"{stem}.{up}"].float() * scale


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
