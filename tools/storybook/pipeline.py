"""Storybook-image as one pipeline, built from a training folder."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from tools.storybook import autoencoder, models, text
from tools.storybook.drawing import SIDE
from tools.storybook.loop import load_mean
from tools.storybook.picture import scaling

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


def build_pipeline(folder: Path) -> Any:
    """The pipeline in its current state of training, with the running mean of its weights."""
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
    """Pictures of prompts, each with its own seed: (count, side, side, 3), 0 to 1."""
    chances = [torch.Generator().manual_seed(seed + place) for place in range(len(prompts))]
    pictures: np.ndarray = pipeline(
        prompts, num_inference_steps=steps, guidance_scale=GUIDANCE, generator=chances, output_type="np"
    ).images
    return pictures


def sheet(pictures: np.ndarray, columns: int = 6) -> Image.Image:
    """A contact sheet of pictures."""
    rows = [np.concatenate(list(pictures[start : start + columns]), 1) for start in range(0, len(pictures), columns)]
    return Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8))


def save_sheet(folder: Path, progress: str) -> None:
    """Save a contact sheet of the current model."""
    sheet(drawn(build_pipeline(folder), list(PROMPTS), steps=16)).save(folder / f"sheet-{progress}.png")
