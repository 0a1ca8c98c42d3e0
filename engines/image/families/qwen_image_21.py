"""Qwen-Image 2.1: one model for new pictures and for changed ones, that goes by up to ten others."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.qwen_image_edit import pictures_of
from engines.image.families.sizes import brought_to
from engines.image.family import Family, Words, Work
from engines.image.frame import legal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

_STEP = 32
_OPAQUE = 0.99


class QwenImage21(Family):
    """The pictures are read together with the words, at the area at which the model paints; all of them are RGBA."""

    name = "qwen-image-2.1"
    text_tokens = 0
    pipelines: ClassVar = {"create_image": "QwenImage21Pipeline", "edit_image": "QwenImage21Pipeline"}
    reference_bytes_a_pixel = 1000
    reading_part_a_picture = 0.06  # as Qwen-Image-Edit
    readers = ("processor", "text_encoder")
    # The pipeline cannot be put together without what read the words.
    painters = ("processor", "transformer", "vae")
    multiple = _STEP

    def read(self, pipeline: Any, work: Work) -> Words:
        seen = [_resized(pipeline, picture, work.entry.pixels) for picture in pictures_of(work)] or None
        words: Words = {}
        words["prompt_embeds"], _, words["image_pad_mask"] = pipeline.encode_prompt(work.prompt, seen)
        if work.guidance > 1:
            unwanted = pipeline.encode_prompt(work.negative_prompt or " ", seen)
            words["negative_prompt_embeds"], _, words["negative_image_pad_mask"] = unwanted
        return words

    def arguments(self, work: Work) -> dict[str, Any]:
        width, height = work.width, work.height
        if work.image is not None:
            width, height = legal(width, height, work.entry.pixels, _STEP, enlarge=True)
        return {
            "image": pictures_of(work) or None,
            "true_cfg_scale": work.guidance,
            "width": width,
            "height": height,
            "output_resolution": math.isqrt(work.entry.pixels),
        }

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        told = dict(words)
        masks = [told.pop("image_pad_mask"), told.pop("negative_image_pad_mask", None)]
        encode = pipeline.encode_prompt

        def with_mask(**asked: Any) -> Any:
            # The pipeline asks for the words and then for the unwanted ones, and has no way to be given their masks.
            mask = masks[asked["prompt_embeds"] is not told["prompt_embeds"]]
            return encode(**asked, image_pad_mask=mask)

        pipeline.encode_prompt = with_mask
        made = super().paint(pipeline, work, told, generators, **call)
        colours, alpha = made[..., :3], made[..., 3:]
        if work.image is not None:  # which came without transparency, on white
            made = colours * alpha + 1 - alpha
        elif alpha.min() > _OPAQUE:
            made = colours
        return brought_to(made, work.width, work.height)


def _resized(pipeline: Any, picture: "Image", pixels: int) -> "Image":
    """A picture as the pipeline itself resizes it."""
    width, height = legal(*picture.size, math.isqrt(pixels) ** 2, _STEP, enlarge=True)
    seen: Image = pipeline.image_processor.resize(picture.convert("RGBA"), width=width, height=height)
    return seen
