"""The twin of FramePack."""

from pathlib import Path
from typing import Any

from engines.families.hunyuan_video.twin import TRANSFORMER, base
from engines.families.hunyuan_video_15.twin import VISION, siglip
from engines.twins import parts
from engines.twins.parts import scale_weights
from engines.twins.twin import SHORT, Twin


def save(folder: Path) -> None:
    """Save the classes that the makers' weights are used with."""
    parts.save(_pipeline, folder)


def _pipeline() -> Any:
    from diffusers import HunyuanVideoFramepackPipeline, HunyuanVideoFramepackTransformer3DModel

    transformer = HunyuanVideoFramepackTransformer3DModel(
        **TRANSFORMER, image_condition_type=None, has_image_proj=True, image_proj_dim=VISION, has_clean_x_embedder=True
    )
    return HunyuanVideoFramepackPipeline(**base(), **siglip(), transformer=scale_weights(transformer))


TWINS = {"framepack": Twin(save, {**SHORT, "defaults": {**SHORT["defaults"], "seconds": 1.2}})}
"""The twin by the name that entries use."""
