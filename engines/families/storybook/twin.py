"""The twin of Storybook Motion, which uses Wan's classes."""

from pathlib import Path
from typing import Any

from engines.families.wan.twin import TEXT_WIDTH, autoencoder, one_expert
from engines.twins import parts
from engines.twins.tokenizers import clip_tokenizer
from engines.twins.twin import Twin


def save(folder: Path) -> None:
    """Save a Wan pipeline like Storybook's: a CLIP text encoder, and a latent for 8 × 8 px of each frame."""

    def build() -> Any:
        return one_expert(
            clip_tokenizer(48), parts.clip_text(TEXT_WIDTH, length=48), autoencoder(8, 8, [False, False]), 8, both=True
        )

    parts.save(build, folder)


TWINS = {"storybook-motion": Twin(save)}
"""The twins by the names that entries use."""
