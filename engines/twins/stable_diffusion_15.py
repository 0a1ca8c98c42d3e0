"""The twin of Stable Diffusion 1.5."""

from pathlib import Path

import torch
from diffusers import PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel

from engines.twins import parts
from engines.twins.tokenizers import clip_tokenizer

_WIDTH = 32
"""Of the text encoder's output, which the UNet looks at."""


def save(folder: Path) -> None:
    """Build it, the same each time, and save it as the real one is saved: half precision, safetensors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(15)
        pipeline = StableDiffusionPipeline(
            vae=parts.tiny_kl(),
            text_encoder=parts.clip_text(_WIDTH),
            tokenizer=clip_tokenizer(),
            unet=unet(),
            scheduler=PNDMScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                skip_prk_steps=True,
                steps_offset=1,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True, variant="fp16")


def unet() -> UNet2DConditionModel:
    """The UNet."""
    return parts.tiny_unet(_WIDTH)
