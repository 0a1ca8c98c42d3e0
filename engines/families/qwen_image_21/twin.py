"""The twin of Qwen-Image 2.1."""

from pathlib import Path

import torch

from engines.twins import qwen
from engines.twins.parts import save_models
from engines.twins.twin import SMALLEST, Twin

_WIDTH = 32
"""Width of the text encoder's output."""
_CHANNELS = 8


def save(folder: Path) -> None:
    """Save Qwen-Image 2.1, whose pictures are RGBA and whose latents are a sixteenth of the picture's size."""
    from diffusers import AutoencoderKLQwenImage21, FlowMatchEulerDiscreteScheduler, QwenImage21Transformer2DModel

    qwen.save_vl3(folder / "text_encoder")
    qwen.processor("Qwen3VLProcessor", 16).save_pretrained(folder / "processor")
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True).save_pretrained(folder / "scheduler")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        vae = AutoencoderKLQwenImage21(
            base_dim=4,
            decoder_base_dim=4,
            z_dim=_CHANNELS,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False] * 4,
            latents_mean=[0.0] * _CHANNELS,
            latents_std=[1.0] * _CHANNELS,
        )
        transformer = QwenImage21Transformer2DModel(
            in_channels=_CHANNELS,
            out_channels=_CHANNELS,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            context_in_dim=_WIDTH,
            axes_dims_rope=(4, 6, 6),
        )
    save_models(folder, vae=vae, transformer=transformer)


TWINS = {"qwen-image-2.1": Twin(save, SMALLEST)}
"""The twins by the names that entries use."""
