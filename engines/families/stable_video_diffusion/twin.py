"""The twin of Stable Video Diffusion."""

from pathlib import Path
from typing import Any

import torch

from engines.twins.twin import SHORT, Twin

_SEEN = 32
"""Width of the picture encoder's output."""
_TIME = 32
"""Width of the embedding of each of the three: frame rate, motion, noise."""


def save(folder: Path) -> None:
    """Build it with the same weights each time, and save it like the real model: half precision, safetensors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        pipeline = _pipeline()
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True, variant="fp16")


def _pipeline() -> Any:
    from diffusers import (
        AutoencoderKLTemporalDecoder,
        EulerDiscreteScheduler,
        StableVideoDiffusionPipeline,
        UNetSpatioTemporalConditionModel,
    )
    from transformers import CLIPImageProcessor

    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        sample_size=8,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        cross_attention_dim=_SEEN,
        num_attention_heads=(4, 8),
        projection_class_embeddings_input_dim=3 * _TIME,
        addition_time_embed_dim=_TIME,
    )
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=(32,) * 4,  # the size of its group norms
        down_block_types=("DownEncoderBlock2D",) * 4,
        layers_per_block=1,
    )
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        sigma_max=700.0,
        sigma_min=0.002,
        timestep_spacing="leading",
        timestep_type="continuous",
        use_karras_sigmas=True,
    )
    return StableVideoDiffusionPipeline(
        vae=vae,
        image_encoder=_picture_encoder(),
        unet=unet,
        scheduler=scheduler,
        feature_extractor=CLIPImageProcessor(),
    )


def _picture_encoder() -> Any:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            image_size=224,  # the pipeline knows no other size
            patch_size=56,
            projection_dim=_SEEN,
        )
    )


_BOUNDS = {**SHORT["bounds"], "seconds": (0.5, 4, 0.5)}
TWINS = {"svd-xt": Twin(save, {**SHORT, "bounds": _BOUNDS})}
"""The twin by the name that entries use."""
