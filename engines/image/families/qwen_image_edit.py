"""Qwen-Image-Edit, and Qwen-Image-Edit-Plus (2509, 2511), which goes by several pictures: they change what words say.

They look at a picture twice: their encoder reads it with the words, and its latents lie beside those of the new one.
Both are made at about a megapixel whatever size the picture has; so is the new picture, in the same shape, or it would
be shifted against the old. What comes back is brought to the size of what was given.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.qwen_image import TOKENS, QwenImage, counted
from engines.image.families.sizes import brought_to
from engines.image.family import Family, Words, Work
from engines.image.frame import legal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

MEGAPIXEL = 1024 * 1024
_LOOK = 384 * 384
"""The area at which Qwen-Image-Edit-Plus reads a picture with its words."""
_STEP = 32


class QwenImageEdit(QwenImage):
    """One picture, changed; with a mask only there."""

    name = "qwen-image-edit"
    text_tokens = 0
    pipelines: ClassVar = {"edit_image": "QwenImageEditPipeline"}
    readers = ("tokenizer", "processor", "text_encoder")
    reads_pictures = True
    multiple = _STEP
    working_bytes_a_pixel = 9000
    reading_part_a_picture = 0.06  # a megapixel is 1,337 tokens, and each gets the scores of 152,064 words

    def pipeline(self, work: Work) -> str:
        return "QwenImageEditInpaintPipeline" if work.mask is not None else super().pipeline(work)

    def told(self, pipeline: Any, work: Work, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        assert work.image is not None
        seen = resized(pipeline, work.image, MEGAPIXEL)
        return counted(pipeline.encode_prompt(text, image=seen)[0])

    def arguments(self, work: Work) -> dict[str, Any]:
        asked = {"image": work.image, "true_cfg_scale": work.guidance, "max_sequence_length": TOKENS}
        if work.mask is not None:  # it settles its size itself
            return asked | {"mask_image": work.mask, "strength": work.strength}
        width, height = self.size(work)
        return asked | {"width": width, "height": height}

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        import numpy as np

        # Coding what a mask covers draws on chance: each on its own seed, to be the one that is made alone.
        passes = [generators] if work.mask is None else [[one] for one in generators]
        made = [Family.paint(self, pipeline, work, words, some, **call) for some in passes]
        return brought_to(np.concatenate(made), work.width, work.height)

    def size(self, work: Work) -> tuple[int, int]:
        pixels = MEGAPIXEL if work.mask is not None else work.entry.pixels
        return legal(work.width, work.height, pixels, _STEP, enlarge=True)

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return ""  # it reads prompts of any length


class QwenImageEditPlus(QwenImageEdit):
    """The picture to change comes first, then those to go by, in their order; or only these, for a new picture."""

    name = "qwen-image-edit-plus"
    pipelines: ClassVar = {
        "edit_image": "QwenImageEditPlusPipeline",
        "create_image": "QwenImageEditPlusPipeline",
    }
    reference_bytes_a_pixel = 1000
    reading_part_a_picture = 0.015

    def pipeline(self, work: Work) -> str:
        return self.pipelines[work.task]

    def told(self, pipeline: Any, work: Work, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        seen = [resized(pipeline, picture, _LOOK) for picture in pictures_of(work)]
        return counted(pipeline.encode_prompt(text, image=seen)[0])

    def arguments(self, work: Work) -> dict[str, Any]:
        width, height = self.size(work)
        return {
            "image": pictures_of(work),
            "true_cfg_scale": work.guidance,
            "max_sequence_length": TOKENS,
            "width": width,
            "height": height,
        }

    def size(self, work: Work) -> tuple[int, int]:
        if work.image is None:
            return work.width, work.height
        return legal(work.width, work.height, work.entry.pixels, _STEP, enlarge=True)


def pictures_of(work: Work) -> "list[Image]":
    """The pictures a model goes by, in order."""
    return [*([work.image] if work.image is not None else []), *work.references]


def resized(pipeline: Any, picture: "Image", pixels: int) -> "Image":
    """A picture as the pipeline itself resizes it before its encoder reads it."""
    width, height = legal(*picture.size, pixels, _STEP, enlarge=True)
    seen: Image = pipeline.image_processor.resize(picture, height, width)
    return seen
