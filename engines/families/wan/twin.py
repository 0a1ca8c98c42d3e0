"""The twins of Wan: 2.2 with two experts for text and for images, 2.1, its VACE, the small 2.2 for both, Lucy Edit."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, SMALLEST, Twin

TEXT_WIDTH = 32
"""Width of the text encoder's output."""
_GIVEN_CHANNELS = 20
"""What the model for images reads with the noise: the latents of the given frames, and four masks."""
_SHAPE = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "text_dim": TEXT_WIDTH,
    "freq_dim": 32,
    "ffn_dim": 32,
    "num_layers": 2,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 64,
}
"""The shape of every denoiser."""


def save(folder: Path) -> None:
    """Build Wan 2.2 with the same weights each time, and save it in the real model's layout."""
    from diffusers import WanPipeline

    _save_experts(WanPipeline, 0.875, 0, folder)


def save_i2v(folder: Path) -> None:
    """Save Wan 2.2 for images, which has no image encoder: the first frame, and the last, are given as latents."""
    from diffusers import WanImageToVideoPipeline

    _save_experts(WanImageToVideoPipeline, 0.9, _GIVEN_CHANNELS, folder)


def _save_experts(pipeline: Any, boundary: float, given: int, folder: Path) -> None:
    from diffusers import UniPCMultistepScheduler

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        built = pipeline(
            tokenizer=t5_tokenizer(),
            text_encoder=t5_encoder(TEXT_WIDTH, umt5=True),
            vae=plain_autoencoder(),
            scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
            transformer=scale_weights(_transformer(given=given)),
            transformer_2=scale_weights(_transformer(given=given)),
            boundary_ratio=boundary,
        )
    built.to(torch.bfloat16).save_pretrained(folder)


def save_21(folder: Path) -> None:
    """Save Wan 2.1: one denoiser, text to video only."""

    def build() -> Any:
        return one_expert(t5_tokenizer(), t5_encoder(TEXT_WIDTH, umt5=True), plain_autoencoder(), 16)

    parts.save(build, folder)


def save_5b(folder: Path) -> None:
    """Save the model for text and images: each frame has its own timestep, which says whether the frame is given. A
    latent covers 16 × 16 px and four frames, except the first, which covers one frame."""

    def build() -> Any:
        return one_expert(
            t5_tokenizer(), t5_encoder(TEXT_WIDTH, umt5=True), autoencoder(48, 16, [False, True, True]), 48, both=True
        )

    parts.save(build, folder)


def save_vace(folder: Path) -> None:
    """Save Wan 2.1 VACE, whose denoiser has layers for the given frames and their masks."""
    from diffusers import UniPCMultistepScheduler, WanVACEPipeline, WanVACETransformer3DModel

    def build() -> Any:
        return WanVACEPipeline(
            tokenizer=t5_tokenizer(),
            text_encoder=t5_encoder(TEXT_WIDTH, umt5=True),
            vae=plain_autoencoder(),
            scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
            transformer=scale_weights(
                WanVACETransformer3DModel(**_SHAPE, in_channels=16, out_channels=16, vace_layers=[0])
            ),
        )

    parts.save(build, folder)


def save_lucy(folder: Path) -> None:
    """Save Lucy Edit, whose denoiser also takes the latents of the clip."""
    from diffusers import LucyEditPipeline

    def build() -> Any:
        made = one_expert(
            t5_tokenizer(),
            t5_encoder(TEXT_WIDTH, umt5=True),
            autoencoder(48, 16, [False, True, True]),
            48,
            both=True,
            given=48,
        )
        return LucyEditPipeline(**made.components, expand_timesteps=True)

    parts.save(build, folder)


def one_expert(
    tokenizer: Any, text_encoder: Any, vae: Any, channels: int, *, both: bool = False, given: int = 0
) -> Any:
    """Return a pipeline with one denoiser; ``both`` says that it takes text and images, ``given`` how many channels it
    reads in addition to the noise."""
    from diffusers import UniPCMultistepScheduler, WanPipeline

    return WanPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        vae=vae,
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=scale_weights(_transformer(channels, given)),
        expand_timesteps=both,
    )


def plain_autoencoder() -> Any:
    """Return an autoencoder for latents of 8 × 8 px and four frames."""
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=4,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )


def autoencoder(channels: int, pixels: int, over_time: list[bool]) -> Any:
    """Return an autoencoder that packs 2 × 2 px before its first layer; a latent covers ``pixels`` × ``pixels`` px."""
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


def _transformer(channels: int = 16, given: int = 0) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(**_SHAPE, in_channels=channels + given, out_channels=channels)


TWINS = {
    "wan-2.2": Twin(save, SMALLEST),
    "wan-2.2-t2v": Twin(save, SHORT),
    "wan-2.2-i2v": Twin(save_i2v, SHORT),
    "wan-2.1": Twin(save_21, SHORT),
    "wan-2.1-vace": Twin(save_vace, SHORT),
    "wan-2.2-5b": Twin(save_5b, SHORT),
    "lucy-edit": Twin(save_lucy, SHORT),
}
"""The twins by the names that entries use."""
