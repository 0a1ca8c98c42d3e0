"""HunyuanVideo 1.5's pipelines, which can be built without an autoencoder to encode a prompt; the library's cannot."""

from types import SimpleNamespace
from typing import Any

from diffusers import HunyuanVideo15ImageToVideoPipeline, HunyuanVideo15Pipeline

from engines.diffusion.keyword_parts import KeywordParts


class _Absent:
    """What the constructors ask of an autoencoder."""

    temporal_compression_ratio, spatial_compression_ratio = 4, 16
    config = SimpleNamespace(latent_channels=32)


class StagedHunyuanVideo15Pipeline(KeywordParts, HunyuanVideo15Pipeline):  # type: ignore[misc]
    """Clips from prompts."""

    def __init__(self, vae: Any, **parts: Any) -> None:
        super().__init__(vae=vae or _Absent(), **parts)
        self.vae = vae


class StagedHunyuanVideo15ImageToVideoPipeline(KeywordParts, HunyuanVideo15ImageToVideoPipeline):  # type: ignore[misc]
    """Clips from a first frame."""

    def __init__(self, vae: Any, **parts: Any) -> None:
        super().__init__(vae=vae or _Absent(), **parts)
        self.vae = vae
