"""The twins of ControlNets that keep several structures each: of FLUX.1, Qwen-Image and Z-Image."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import parts

_SEED = 41


def save_flux(folder: Path) -> None:
    """A ControlNet of FLUX.1."""
    from diffusers import FluxControlNetModel

    _save(
        FluxControlNetModel,
        folder,
        in_channels=64,
        num_layers=1,
        num_single_layers=0,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )


def save_qwen_image(folder: Path) -> None:
    """A ControlNet of Qwen-Image."""
    from diffusers import QwenImageControlNetModel

    _save(
        QwenImageControlNetModel,
        folder,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(8, 4, 4),
    )


def save_z_image(folder: Path) -> None:
    """A ControlNet of Z-Image, which is a single file; its config lies beside it, as it does not fit the real one's."""
    from diffusers import ZImageControlNetModel

    _save(
        ZImageControlNetModel,
        folder,
        control_layers_places=[0],
        control_refiner_layers_places=[0],
        control_in_dim=33,
        add_control_noise_refiner="control_noise_refiner",
        dim=32,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
    )
    (folder / "diffusion_pytorch_model.safetensors").rename(
        folder / "Z-Image-Turbo-Fun-Controlnet-Union-2.1-2602-8steps.safetensors"
    )


def _save(kind: Any, folder: Path, **shape: Any) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        control = parts.trained(kind(**shape), 0.3)
    control.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)
