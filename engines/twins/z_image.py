"""The twin of Z-Image, Turbo or not: they have the same build."""

from pathlib import Path
from typing import Any

from engines.twins import parts
from engines.twins.tokenizers import qwen_tokenizer

_WIDTH = 16
"""Of what the text encoder gives."""


def save(folder: Path) -> None:
    """Build it, the same each time, and save it."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel

    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=_WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 256, 256],
    )
    # They come uninitialised, so that they may be anything, not a number too.
    transformer.x_pad_token.data.fill_(0.1)
    transformer.cap_pad_token.data.fill_(0.1)
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=parts.tiny_kl(16, 0.3611, 0.1159, quant=False),
        text_encoder=parts.qwen3_encoder(_WIDTH),
        tokenizer=qwen_tokenizer(),
        transformer=transformer,
    )
