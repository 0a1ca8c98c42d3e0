"""The twins of Wan: 2.2 with two experts, 2.1, the small 2.2 for words and pictures, and Storybook's."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import parts
from engines.twins.parts import clip_text, livelier, t5_encoder
from engines.twins.tokenizers import clip_tokenizer, t5_tokenizer

_TEXT = 32


def save(folder: Path) -> None:
    """Build it, the same each time, and save it as the real one is laid out."""
    from diffusers import UniPCMultistepScheduler, WanPipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        pipeline = WanPipeline(
            tokenizer=t5_tokenizer(),
            text_encoder=t5_encoder(_TEXT, umt5=True),
            vae=_plain_autoencoder(),
            scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
            transformer=livelier(_transformer()),
            transformer_2=livelier(_transformer()),
            boundary_ratio=0.875,
        )
    pipeline.to(torch.bfloat16).save_pretrained(folder)


def save_21(folder: Path) -> None:
    """Wan 2.1: one expert, for words alone."""

    def build() -> Any:
        return _one_expert(t5_tokenizer(), t5_encoder(_TEXT, umt5=True), _plain_autoencoder(), 16)

    parts.save(build, folder)


def save_5b(folder: Path) -> None:
    """One model for words and for pictures: a frame's own time step says whether it is given. A latent stands for
    16 x 16 pixels and, but for the first, four frames."""

    def build() -> Any:
        return _one_expert(
            t5_tokenizer(), t5_encoder(_TEXT, umt5=True), _autoencoder(48, 16, [False, True, True]), 48, both=True
        )

    parts.save(build, folder)


def save_storybook(folder: Path) -> None:
    """The same in Storybook's build: CLIP reads, and each frame has a latent of its own, for 8 x 8 pixels."""

    def build() -> Any:
        return _one_expert(
            clip_tokenizer(48), clip_text(_TEXT, length=48), _autoencoder(8, 8, [False, False]), 8, both=True
        )

    parts.save(build, folder)


def _one_expert(tokenizer: Any, text_encoder: Any, vae: Any, channels: int, *, both: bool = False) -> Any:
    """``both`` says that it is for words and for pictures."""
    from diffusers import UniPCMultistepScheduler, WanPipeline

    return WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=livelier(_transformer(channels)),
        expand_timesteps=both,
    )


def _plain_autoencoder() -> Any:
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=4,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )


def _autoencoder(channels: int, pixels: int, over_time: list[bool]) -> Any:
    """Packs 2 x 2 pixels into one before its first layer; a latent stands for ``pixels`` x ``pixels``."""
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=4,
        z_dim=channels,
        dim_mult=[1] * (len(over_time) + 1),
        num_res_blocks=1,
        temperal_downsample=over_time,
        latents_mean=[0.0] * channels,
        latents_std=[1.0] * channels,
        is_residual=pixels == 16,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_temporal=2 ** sum(over_time),
        scale_factor_spatial=pixels,
    )


def _transformer(channels: int = 16) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=channels,
        out_channels=channels,
        text_dim=_TEXT,
        freq_dim=32,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=64,
    )
