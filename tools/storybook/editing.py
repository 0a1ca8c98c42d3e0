"""Edit existing pictures with Storybook: image to image, and inpainting."""

from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline
from PIL import Image

from engines.diffusion.crop import soften_mask
from tools.storybook.pipeline import GUIDANCE, STEPS

_FEATHER = 3


def changed(loaded: Any, picture: Image.Image, prompt: str, strength: float, seed: int) -> Image.Image:
    """Image to image: the higher the ``strength`` (0 to 1), the less of the picture remains."""
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
    """The picture, inpainted where the mask is white. Pixels outside the soft edge stay bit-identical."""
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
    return Image.composite(made, picture, soften_mask(mask.convert("L"), _FEATHER))


def _quiet(kind: Any, loaded: Any) -> Any:
    parts = {name: part for name, part in loaded.components.items() if name != "image_encoder"}
    pipeline = kind(**parts, requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
