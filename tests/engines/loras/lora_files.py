"""LoRAs for tests, for the layers of a twin and in the naming scheme of each trainer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

SD15 = {"ss_base_model_version": "sd_v1", "ss_output_name": "mara"}


def changes(model: torch.nn.Module, targets: tuple[str, ...], rank: int = 4, seed: int = 0) -> dict[str, Any]:
    """Return the pair of matrices (down, up) for each layer of a model whose name ends with one of ``targets``."""
    chance = torch.Generator().manual_seed(seed)
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(targets):
            down = torch.randn(rank, module.in_features, generator=chance) * 0.3
            up = torch.randn(module.out_features, rank, generator=chance) * 0.3
            found[name] = (down, up)
    assert found
    return found


def kohya(layers: Mapping[str, Any], prefix: str = "lora_unet", alpha: float | None = None) -> dict[str, torch.Tensor]:
    """Name tensors like kohya's and musubi's scripts: ``lora_unet_…``, with an alpha."""
    state = {}
    for name, (down, up) in layers.items():
        stem = f"{prefix}_{name.replace('.', '_')}"
        state[f"{stem}.lora_down.weight"], state[f"{stem}.lora_up.weight"] = down, up
        state[f"{stem}.alpha"] = torch.tensor(float(down.shape[0] if alpha is None else alpha))
    return state


def dotted(layers: Mapping[str, Any], prefix: str, ends: tuple[str, str] = ("lora_A", "lora_B")) -> dict[str, Any]:
    """Name tensors like diffusers, ComfyUI, ai-toolkit and peft: a prefix and the layer's own name."""
    state = {}
    for name, (down, up) in layers.items():
        state[f"{prefix}{name}.{ends[0]}.weight"], state[f"{prefix}{name}.{ends[1]}.weight"] = down, up
    return state


def write(path: Path, state: Mapping[str, torch.Tensor], metadata: Mapping[str, str] = SD15) -> Path:
    """Write the tensors as safetensors."""
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path, dict(metadata))
    return path
