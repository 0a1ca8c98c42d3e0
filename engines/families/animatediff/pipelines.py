"""AnimateDiff's pipelines, with layers that are shared with the image model instead of copied.

The library builds a second UNet and copies the weights of the first into it, all but the embedding of SDXL's sizes,
which it leaves random.
"""

from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AnimateDiffPipeline, AnimateDiffSDXLPipeline, UNet2DConditionModel, UNetMotionModel

from engines.diffusion.keyword_parts import KeywordParts

_WHOLE = ("conv_in", "time_embedding", "add_embedding", "conv_norm_out", "conv_out")
_OF_BLOCKS = ("resnets", "attentions", "downsamplers", "upsamplers")


class SharedAnimateDiffPipeline(KeywordParts, AnimateDiffPipeline):  # type: ignore[misc]
    """Clips with Stable Diffusion 1.5."""

    def __init__(self, unet: Any, motion_adapter: Any, **parts: Any) -> None:
        super().__init__(unet=moving_unet(unet, motion_adapter), motion_adapter=motion_adapter, **parts)


class SharedAnimateDiffSDXLPipeline(KeywordParts, AnimateDiffSDXLPipeline):  # type: ignore[misc]
    """Clips with SDXL."""

    def __init__(self, unet: Any, motion_adapter: Any, **parts: Any) -> None:
        super().__init__(unet=moving_unet(unet, motion_adapter), motion_adapter=motion_adapter, **parts)


def moving_unet(unet: Any, adapter: Any) -> Any:
    """Return a UNet for clips, made of the layers of an image UNet and of a motion adapter. A UNet that is for clips
    already, or None, stays as it is."""
    if not isinstance(unet, UNet2DConditionModel):
        return unet
    with torch.device("meta"):
        plan = SimpleNamespace(config=adapter.config, to=lambda **_: None)
        moving = UNetMotionModel.from_unet2d(unet, plan, load_weights=False)
    for name in _WHOLE:
        if getattr(moving, name, None) is not None:
            setattr(moving, name, getattr(unet, name))
    blocks, still, motions = _blocks(moving), _blocks(unet), _blocks(adapter)
    for block, own, motion in zip(blocks, still, motions, strict=True):
        for name in _OF_BLOCKS:
            if getattr(block, name, None) is not None:
                setattr(block, name, getattr(own, name))
        if motion is not None:  # some adapters have none in the middle
            block.motion_modules = motion.motion_modules
    return moving.eval()


def _blocks(model: Any) -> list[Any]:
    return [*model.down_blocks, model.mid_block, *model.up_blocks]
