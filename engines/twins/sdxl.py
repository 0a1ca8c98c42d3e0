"""The twins of Stable Diffusion XL, and of the one that was distilled to a few steps."""

from pathlib import Path

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

from engines.twins import parts
from engines.twins.tokenizers import clip_tokenizer

_WIDTH = 32
"""Of each text encoder's output; the UNet looks at both side by side."""
_SIZES = 8
"""Width of each of the six numbers about the picture's size that the UNet is told."""
_GUIDANCE = 16
"""Width of what the distilled UNet is told about guidance."""


def save(folder: Path) -> None:
    """Build it, the same each time, and save it as the real one is saved: half precision, safetensors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        pipeline = StableDiffusionXLPipeline(
            vae=parts.tiny_kl(scaling=0.13025),
            text_encoder=parts.clip_text(_WIDTH),
            text_encoder_2=parts.clip_text(_WIDTH, projection=True),
            tokenizer=clip_tokenizer(),
            tokenizer_2=clip_tokenizer(),
            unet=unet(),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
            ),
            add_watermarker=False,
        )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True, variant="fp16")


def save_distilled(folder: Path) -> None:
    """The same with another UNet."""
    save(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12)
        distilled = unet(_GUIDANCE)
    distilled.to(torch.float16).save_pretrained(folder / "unet", safe_serialization=True, variant="fp16")


def unet(guidance: int | None = None) -> UNet2DConditionModel:
    """The UNet; told its guidance in so many numbers where it is distilled."""
    return parts.tiny_unet(
        2 * _WIDTH,
        transformer_layers_per_block=(1, 2),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_SIZES,
        projection_class_embeddings_input_dim=6 * _SIZES + _WIDTH,
        time_cond_proj_dim=guidance,
    )
