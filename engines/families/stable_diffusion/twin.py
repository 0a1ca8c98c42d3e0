"""The twins of Stable Diffusion 1.5, its ControlNets and its IP-Adapter."""

from pathlib import Path
from typing import Any

import torch

from engines.twins import adapters, parts
from engines.twins.tokenizers import clip_tokenizer
from engines.twins.twin import Twin

_WIDTH = 32
"""Width of the text encoder's output."""


def save(folder: Path) -> None:
    """Build it with the same weights each time, and save it like the real model: half precision, safetensors."""
    from diffusers import PNDMScheduler, StableDiffusionPipeline

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(15)
        pipeline = StableDiffusionPipeline(
            vae=parts.tiny_kl(),
            text_encoder=parts.clip_text(_WIDTH),
            tokenizer=clip_tokenizer(),
            unet=_unet(),
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


def save_controlnet(folder: Path) -> None:
    """Save a ControlNet."""
    adapters.save_unet_controlnet(_unet, folder)


def save_ip_adapter(folder: Path) -> None:
    """Save an IP-Adapter *plus* with its image encoder."""
    adapters.save_ip_adapter(_unet(), folder, "models/ip-adapter-plus_sd15.safetensors")


def _unet() -> Any:
    return parts.tiny_unet(_WIDTH)


TWINS = {
    "stable-diffusion-1.5": Twin(save, {"pixels": 128 * 128}),
    "controlnet-sd15": Twin(save_controlnet),
    "ip-adapter-sd15": Twin(save_ip_adapter),
}
"""The twins by the names that entries use."""
