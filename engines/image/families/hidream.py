"""HiDream-I1 (full, dev, fast) and HiDream-E1.1, which changes a picture by words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.flow import beyond
from engines.image.families.sizes import brought_to
from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch

_TOKENS = 128
"""How many tokens of a prompt it reads."""


class HiDream(Family):
    """Four encoders read the words. Whatever size is asked for, it paints about a megapixel of that shape."""

    name = "hidream"
    text_tokens = _TOKENS
    pipelines: ClassVar = {"create_image": "HiDreamImagePipeline"}
    reads_pictures = False
    readers = tuple(f"{part}{number}" for number in ("", "_2", "_3", "_4") for part in ("tokenizer", "text_encoder"))

    def read(self, pipeline: Any, work: Work) -> Words:
        guided = work.guidance > 1
        told = pipeline.encode_prompt(
            work.prompt,
            negative_prompt=work.negative_prompt,
            do_classifier_free_guidance=guided,
            max_sequence_length=_TOKENS,
        )
        names = ("prompt_embeds_t5", "prompt_embeds_llama3", "pooled_prompt_embeds")
        words = dict(zip(names, told[::2], strict=True))
        return words | {f"negative_{name}": one for name, one in zip(names, told[1::2], strict=True) if guided}

    def arguments(self, work: Work) -> dict[str, Any]:
        return {"guidance_scale": work.guidance, "width": work.width, "height": work.height}

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        pipeline.default_sample_size = int(work.entry.options["sample_size"])
        return brought_to(super().paint(pipeline, work, words, generators, **call), work.width, work.height)

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer_4, work.prompt, _TOKENS - 1)  # the first is the mark of the beginning


class HiDreamEdit(HiDream):
    """HiDream-E1.1: two guidances, one towards the words and one towards the picture."""

    name = "hidream-edit"
    pipelines: ClassVar = {"edit_image": "engines.native.hidream_e1:HiDreamImageEditingPipeline"}
    working_bytes_a_pixel = 6000

    def arguments(self, work: Work) -> dict[str, Any]:
        return {
            "image": work.image,
            "guidance_scale": work.guidance,
            "image_guidance_scale": float(work.entry.options["image_guidance"]),
        }
