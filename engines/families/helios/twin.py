"""The twin of Helios."""

from pathlib import Path
from typing import Any

from engines.families.wan.twin import TEXT_WIDTH, plain_autoencoder
from engines.twins import parts
from engines.twins.parts import scale_weights, t5_encoder
from engines.twins.tokenizers import t5_tokenizer
from engines.twins.twin import SHORT, Twin


def save(folder: Path) -> None:
    """Save the classes of the base model."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import HeliosPipeline, HeliosScheduler, HeliosTransformer3DModel

    transformer = HeliosTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        text_dim=TEXT_WIDTH,
        freq_dim=32,
        ffn_dim=32,
        num_layers=2,
        rope_dim=(4, 4, 4),
    )
    return HeliosPipeline(
        tokenizer=t5_tokenizer(),
        text_encoder=t5_encoder(TEXT_WIDTH, umt5=True),
        vae=plain_autoencoder(),
        scheduler=HeliosScheduler(stages=1, stage_range=[0, 1]),
        transformer=scale_weights(transformer),
    )


TWINS = {"helios": Twin(save, {**SHORT, "defaults": {**SHORT["defaults"], "seconds": 1.375}})}
"""The twin by the name that entries use."""
