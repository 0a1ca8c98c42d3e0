"""The twins of Qwen-Image and of its ControlNet."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import qwen
from engines.twins.adapters import save_controlnet_of
from engines.twins.parts import save_models
from engines.twins.tokenizers import qwen_tokenizer
from engines.twins.twin import SMALLEST, Twin

_WIDTH = 32
"""Width of the text encoder's output."""
_CHANNELS = 16


def save(folder: Path) -> None:
    """Save Qwen-Image, whose latents are an eighth of the picture's size."""
    save_with(folder, tiny_vae(4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]))


def save_controlnet(folder: Path) -> None:
    """Save a ControlNet for several kinds of control maps."""
    from diffusers import QwenImageControlNetModel

    save_controlnet_of(
        QwenImageControlNetModel,
        folder,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_WIDTH,
        axes_dims_rope=(8, 4, 4),
    )


def save_with(folder: Path, vae: Any) -> None:
    """Save everything but the image processor, with the given autoencoder."""
    from diffusers import FlowMatchEulerDiscreteScheduler, QwenImageTransformer2DModel

    qwen.save_vl25(folder / "text_encoder")
    qwen_tokenizer().save_pretrained(folder / "tokenizer")
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True).save_pretrained(folder / "scheduler")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        transformer = QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=4 * _CHANNELS,
            out_channels=_CHANNELS,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=_WIDTH,
            axes_dims_rope=(8, 4, 4),
        )
    save_models(folder, vae=vae, transformer=transformer)


def tiny_vae(width: int, **shape: Any) -> Any:
    """Return an autoencoder with ``width`` base channels."""
    from diffusers import AutoencoderKLQwenImage

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(19)
        return AutoencoderKLQwenImage(
            base_dim=width,
            z_dim=_CHANNELS,
            latents_mean=[0.0] * _CHANNELS,
            latents_std=[1.0] * _CHANNELS,
            **shape,
        )


TWINS = {"qwen-image": Twin(save, SMALLEST), "controlnet-qwen-image": Twin(save_controlnet)}
"""The twins by the names that entries use."""
