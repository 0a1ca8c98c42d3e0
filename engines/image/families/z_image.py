"""Z-Image: Turbo, which draws in eight steps without guidance, and the base model."""

from typing import Any, ClassVar

from engines.image.families.flow import Flow, beyond
from engines.image.family import Words, Work

_TOKENS = 512
_TURN = 3
"""The tokens that say whose turn it is, before the prompt."""


class ZImage(Flow):
    name = "z-image"
    text_tokens = _TOKENS
    reading_part = 0.07  # 36 layers, 512 tokens each of 2,560 numbers, and the scores of 151,936 words
    pipelines: ClassVar = {
        "create_image": "ZImagePipeline",
        "change_image": "ZImageImg2ImgPipeline",
        "fill_image": "ZImageInpaintPipeline",
        "extend_image": "ZImageInpaintPipeline",
    }
    controlled = "engines.image.families.z_image_control:ControlledZImagePipeline"

    def read(self, pipeline: Any, work: Work) -> Words:
        guided = work.guidance > 0
        told, untold = pipeline.encode_prompt(
            work.prompt,
            do_classifier_free_guidance=guided,
            negative_prompt=work.negative_prompt,
            max_sequence_length=_TOKENS,
        )
        return {"prompt_embeds": told} | ({"negative_prompt_embeds": untold} if guided else {})

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer, work.prompt, _TOKENS - _TURN)
