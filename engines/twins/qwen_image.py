"""The twins of Qwen-Image, of Qwen-Image-Edit (and -Plus, whose weights alone differ), and of Qwen-Image 2.1."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import qwen
from engines.twins.parts import livelier
from engines.twins.tokenizers import qwen_tokenizer

_WIDTH = 32
"""Of what the text encoder hands over."""
_CHANNELS = 16
_CHANNELS_21 = 8


def save(folder: Path) -> None:
    """Qwen-Image: a picture is 8 times as wide as its latents."""
    _save(folder, _vae(4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]))


def save_edit(folder: Path) -> None:
    """Qwen-Image-Edit. It reads every picture at a megapixel: its coder is as narrow as can be, its latents are few."""
    down = [False, True, True, False]
    _save(folder, _vae(2, dim_mult=[1, 1, 1, 1, 1], num_res_blocks=0, temperal_downsample=down))
    qwen.processor("Qwen2VLProcessor", 14).save_pretrained(folder / "processor")


def _save(folder: Path, vae: Any) -> None:
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
    _keep(folder, vae=vae, transformer=transformer)


def _vae(width: int, **shape: Any) -> Any:
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


def save_21(folder: Path) -> None:
    """Qwen-Image 2.1: a picture is 16 times as wide as its latents, and has four channels."""
    from diffusers import AutoencoderKLQwenImage21, FlowMatchEulerDiscreteScheduler, QwenImage21Transformer2DModel

    qwen.save_vl3(folder / "text_encoder")
    qwen.processor("Qwen3VLProcessor", 16).save_pretrained(folder / "processor")
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True).save_pretrained(folder / "scheduler")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        vae = AutoencoderKLQwenImage21(
            base_dim=4,
            decoder_base_dim=4,
            z_dim=_CHANNELS_21,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False] * 4,
            latents_mean=[0.0] * _CHANNELS_21,
            latents_std=[1.0] * _CHANNELS_21,
        )
        transformer = QwenImage21Transformer2DModel(
            in_channels=_CHANNELS_21,
            out_channels=_CHANNELS_21,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            context_in_dim=_WIDTH,
            axes_dims_rope=(4, 6, 6),
        )
    _keep(folder, vae=vae, transformer=transformer)


def _keep(folder: Path, **models: Any) -> None:
    for name, model in models.items():
        livelier(model).to(torch.bfloat16).save_pretrained(folder / name)
