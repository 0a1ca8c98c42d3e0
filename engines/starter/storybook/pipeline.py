"""Storybook-image as one pipeline: put together from a training folder, saved as it is shipped."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from engines.starter.storybook import autoencoder, models, text
from engines.starter.storybook.drawing import SIDE
from engines.starter.storybook.loop import load_mean
from engines.starter.storybook.picture import scaling

PROMPTS = (
    "a red house by the sea at sunset",
    "a blue boat on the sea at noon",
    "a black cat on the left in the snow at night",
    "a yellow balloon in a forest at dawn",
    "an orange car in the city in fog",
    "a white lighthouse on the right by the sea at night",
    "a pink flower in a meadow",
    "a brown dog in a room",
    "a person in a red coat in the snow",
    "a purple mountain in the desert at sunset",
    "a green tree on the left and a red house on the right in a meadow",
    "a close-up of a blue bird in a forest in the rain",
)
STEPS = 20
GUIDANCE = 4.0


def assembled(folder: Path) -> Any:
    """The pipeline as trained so far: the running mean of its weights."""
    tokenizer, vae = text.tokenizer_in(folder), autoencoder.trained(folder)
    encoder, unet = models.text_encoder(tokenizer.get_vocab()), models.unet(SIDE // models.PIXELS)
    load_mean(folder / "picture.safetensors", {"text_encoder": encoder, "unet": unet})
    vae.register_to_config(scaling_factor=scaling(folder))
    return put_together(vae, encoder, tokenizer, unet)


def put_together(vae: Any, encoder: Any, tokenizer: Any, unet: Any) -> Any:
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=encoder.eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=models.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn(pipeline: Any, prompts: list[str], seed: int = 0, steps: int = STEPS) -> np.ndarray:
    """(count, side, side, 3), 0 to 1: each prompt with a seed of its own."""
    chances = [torch.Generator().manual_seed(seed + place) for place in range(len(prompts))]
    pictures: np.ndarray = pipeline(
        prompts, num_inference_steps=steps, guidance_scale=GUIDANCE, generator=chances, output_type="np"
    ).images
    return pictures


def sheet(pictures: np.ndarray, columns: int = 6) -> Image.Image:
    """Pictures side by side."""
    rows = [np.concatenate(list(pictures[start : start + columns]), 1) for start in range(0, len(pictures), columns)]
    return Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8))


def save_sheet(folder: Path, progress: str) -> None:
    """How the model draws by now."""
    sheet(drawn(assembled(folder), list(PROMPTS), steps=16)).save(folder / f"sheet-{progress}.png")
