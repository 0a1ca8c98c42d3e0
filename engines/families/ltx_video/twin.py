"""The twin of LTX-Video."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, Twin

_LATENT = 8
"""Latent channels."""


def save(folder: Path) -> None:
    """Save the classes of 0.9.5 and later, whose decoder takes a timestep."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, LTXConditionPipeline

    return LTXConditionPipeline(
        tokenizer=t5_tokenizer(),
        text_encoder=t5_encoder(),
        vae=_autoencoder(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        transformer=scale_weights(_transformer()),
    )


def _autoencoder() -> Any:
    from diffusers import AutoencoderKLLTXVideo

    return AutoencoderKLLTXVideo(
        latent_channels=_LATENT,
        block_out_channels=(8,) * 5,
        down_block_types=("LTXVideo095DownBlock3D",) * 4,
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1,) * 5,
        decoder_layers_per_block=(1,) * 4,
        spatio_temporal_scaling=(True,) * 4,
        decoder_spatio_temporal_scaling=(True,) * 3,
        decoder_inject_noise=(False,) * 4,
        downsample_type=("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
        upsample_residual=(True,) * 3,
        upsample_factor=(2, 2, 2),
        timestep_conditioning=True,
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )


def _transformer() -> Any:
    from diffusers import LTXVideoTransformer3DModel

    return LTXVideoTransformer3DModel(
        in_channels=_LATENT,
        out_channels=_LATENT,
        num_attention_heads=2,
        attention_head_dim=8,
        cross_attention_dim=16,
        num_layers=2,
        caption_channels=32,
    )


TWINS = {"ltx-video": Twin(save, SHORT)}
"""The twin by the name that entries use."""
