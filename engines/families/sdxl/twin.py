"""The twins of Stable Diffusion XL, of its distilled version for a few steps, and of its helper models."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import adapters, parts
from engines.twins.tokenizers import clip_tokenizer
from engines.twins.twin import SMALL, Twin

_WIDTH = 32
"""Width of each text encoder's output; the UNet takes both concatenated."""
_SIZES = 8
"""Width of the embedding of each of the UNet's six size conditions."""
_GUIDANCE = 16
"""Width of the distilled UNet's guidance embedding."""


def save(folder: Path) -> None:
    """Build it with the same weights each time, and save it like the real model: half precision, safetensors."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        pipeline = StableDiffusionXLPipeline(
            vae=parts.tiny_kl(scaling=0.13025),
            text_encoder=parts.clip_text(_WIDTH),
            text_encoder_2=parts.clip_text(_WIDTH, projection=True),
            tokenizer=clip_tokenizer(),
            tokenizer_2=clip_tokenizer(),
            unet=_unet(),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
            ),
            add_watermarker=False,
        )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True, variant="fp16")


def save_distilled(folder: Path) -> None:
    """Save the same with a distilled UNet."""
    save(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12)
        distilled = _unet(_GUIDANCE)
    distilled.to(torch.float16).save_pretrained(folder / "unet", safe_serialization=True, variant="fp16")


def save_controlnet(folder: Path) -> None:
    """Save a ControlNet."""
    adapters.save_unet_controlnet(_unet, folder)


def save_ip_adapter(folder: Path) -> None:
    """Save an IP-Adapter *plus* with its image encoder."""
    adapters.save_ip_adapter(_unet(), folder, "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors")


def _unet(guidance: int | None = None) -> Any:
    """Return the UNet; if it is distilled, ``guidance`` is the width of its guidance embedding."""
    return parts.tiny_unet(
        2 * _WIDTH,
        transformer_layers_per_block=(1, 2),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_SIZES,
        projection_class_embeddings_input_dim=6 * _SIZES + _WIDTH,
        time_cond_proj_dim=guidance,
    )


TWINS = {
    "sdxl": Twin(save, SMALL),
    "sdxl-lcm": Twin(save_distilled, SMALL),
    "controlnet-sdxl": Twin(save_controlnet),
    "ip-adapter-sdxl": Twin(save_ip_adapter),
}
"""The twins by the names that entries use."""
