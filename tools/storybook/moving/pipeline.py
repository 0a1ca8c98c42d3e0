"""Storybook-motion as one pipeline, built from a training folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import WanImageToVideoPipeline
from PIL import Image

from tools.storybook.drawing import SIDE
from tools.storybook.loop import load_mean
from tools.storybook.models import text_encoder
from tools.storybook.moving import autoencoder, clip, dataset, models, text

STEPS = 10


def build_pipeline(folder: Path) -> Any:
    """The pipeline in its current state of training, with the running mean of its weights."""
    tokenizer, vae = text.tokenizer_in(folder), autoencoder.trained(folder)
    encoder, transformer = text_encoder(tokenizer.get_vocab(), models.TOKENS), models.transformer()
    load_mean(folder / f"{clip.NAME}.safetensors", {"text_encoder": encoder, "transformer": transformer})
    spread = clip.scaling(folder)
    vae.register_to_config(**{f"latents_{part}": spread[part].flatten().tolist() for part in ("mean", "std")})
    return put_together(vae, encoder, tokenizer, transformer)


def put_together(vae: Any, encoder: Any, tokenizer: Any, transformer: Any) -> Any:
    pipeline = WanImageToVideoPipeline(
        vae=vae,
        text_encoder=encoder.eval(),
        tokenizer=tokenizer,
        transformer=transformer.eval(),
        scheduler=models.scheduler(),
        expand_timesteps=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def animated(pipeline: Any, picture: Image.Image, prompt: str, seed: int = 0, steps: int = STEPS) -> np.ndarray:
    """Animate a picture. Returns (frames, side, side, 3) bytes with the picture as the first frame."""
    made = pipeline(
        picture,
        prompt,
        height=SIDE,
        width=SIDE,
        num_frames=dataset.FRAMES - 1,  # the pipeline adds one if there is no compression over time
        num_inference_steps=steps,
        guidance_scale=1.0,
        generator=torch.Generator().manual_seed(seed),
        max_sequence_length=models.TOKENS,
        output_type="np",
    ).frames[0]
    frames: np.ndarray = (made * 255).round().astype(np.uint8)
    return frames


def sheet(clips: Sequence[np.ndarray], columns: int = 5) -> Image.Image:
    """A contact sheet: one row per clip, with some of its frames side by side."""
    numbers = np.linspace(0, dataset.FRAMES - 1, columns).round().astype(int)
    return Image.fromarray(np.concatenate([np.concatenate(list(clip[numbers]), 1) for clip in clips]))
