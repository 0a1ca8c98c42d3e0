"""Qwen-Image: pictures that follow long prompts and carry readable writing."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.flow import beyond, kept
from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch

TOKENS = 1024
"""How many tokens of a prompt it reads at the most."""


class QwenImage(Family):
    """Its guidance is a true one: a step asks the model twice, with the words and with those that are not wanted."""

    name = "qwen-image"
    text_tokens = TOKENS
    pipelines: ClassVar = {
        "create_image": "QwenImagePipeline",
        "change_image": "QwenImageImg2ImgPipeline",
        "fill_image": "QwenImageInpaintPipeline",
        "extend_image": "QwenImageInpaintPipeline",
    }
    controlled = "QwenImageControlNetPipeline"
    painters = ("transformer", "controlnet", "vae")
    reads_pictures = False

    def read(self, pipeline: Any, work: Work) -> Words:
        words: Words = {}
        words["prompt_embeds"], words["prompt_embeds_mask"] = self.told(pipeline, work, work.prompt)
        if work.guidance > 1:
            # Without any unwanted words it takes a blank: the guidance acts all the same.
            unwanted = self.told(pipeline, work, work.negative_prompt or " ")
            words["negative_prompt_embeds"], words["negative_prompt_embeds_mask"] = unwanted
        return words

    def told(self, pipeline: Any, work: Work, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        """What the encoder makes of a text, and which of its tokens count: all."""
        return counted(pipeline.encode_prompt(text)[0])

    def arguments(self, work: Work) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "true_cfg_scale": work.guidance,
            "max_sequence_length": TOKENS,
            "width": work.width,
            "height": work.height,
            **kept(work),
        }
        return asked | ({"strength": work.strength} if work.image is not None else {})

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        # A picture for each: coding it draws on chance, and each draws on its own seed to be the one made alone.
        given = {"image": work.image, "mask_image": work.mask}
        pictures = {name: [picture] * len(generators) for name, picture in given.items() if picture is not None}
        return super().paint(pipeline, work, words, generators, **pictures, **call)

    def size(self, work: Work) -> tuple[int, int]:
        """Width and height that the model really makes, in px."""
        return work.width, work.height

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        """The first picture's latents as (channels, height, width): a token holds two by two of them."""
        width, height = self.size(work)
        tile = math.isqrt(width * height // latents.shape[1])  # a token stands for so many px across
        width, height = width // tile, height // tile
        tiles = latents[0].reshape(height, width, -1, 2, 2)
        return tiles.permute(2, 0, 3, 1, 4).reshape(-1, 2 * height, 2 * width)

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        before = pipeline.prompt_template_encode.split("{}")[0]
        room = TOKENS + pipeline.prompt_template_encode_start_idx - len(pipeline.tokenizer(before).input_ids)
        return beyond(pipeline.tokenizer, work.prompt, room)


def counted(embeds: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Embeddings of one text with a mask that says that none of them is padding."""
    return embeds, embeds.new_ones(embeds.shape[:2]).long()
