"""What Storybook makes of pictures that are there already: from a picture to another, and a new part in one."""

from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline
from PIL import Image

from engines.image.frame import softened
from engines.starter.storybook.pipeline import GUIDANCE, STEPS

_FEATHER = 3


def changed(loaded: Any, picture: Image.Image, prompt: str, strength: float, seed: int) -> Image.Image:
    """Another picture with this one's layout: the more ``strength`` (0 to 1), the less of it."""
    pipeline = _quiet(StableDiffusionImg2ImgPipeline, loaded)
    made: Image.Image = pipeline(
        prompt,
        picture,
        strength=strength,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    return made


def filled(loaded: Any, picture: Image.Image, mask: Image.Image, prompt: str, seed: int) -> Image.Image:
    """The picture with something new where the mask is white. What lies outside the soft edge stays, bit for bit."""
    pipeline = _quiet(StableDiffusionInpaintPipeline, loaded)
    made = pipeline(
        prompt,
        picture,
        mask,
        width=picture.width,
        height=picture.height,
        strength=1.0,
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    return Image.composite(made, picture, softened(mask.convert("L"), _FEATHER))


def _quiet(kind: Any, loaded: Any) -> Any:
    parts = {name: part for name, part in loaded.components.items() if name != "image_encoder"}
    pipeline = kind(**parts, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
