"""Z-Image: Turbo, which takes eight steps without guidance, and the base model."""

from typing import Any, ClassVar

from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import FlowMatchingFamily, truncated_text

_TOKENS = 512
_TURN = 3
"""Chat template tokens before the prompt."""


class ZImage(FlowMatchingFamily):
    name = "z-image"
    text_tokens = _TOKENS
    encoding_share = 0.07  # 512 tokens: 36 layers × 2,560 values, and logits of 151,936 tokens
    pipelines: ClassVar = {
        "create_image": "ZImagePipeline",
        "change_image": "ZImageImg2ImgPipeline",
        "fill_image": "ZImageInpaintPipeline",
        "extend_image": "ZImageInpaintPipeline",
    }
    controlled = "engines.families.z_image.controlnet_pipeline:ControlledZImagePipeline"

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        guided = inputs.guidance > 0
        embeds, negative_embeds = pipeline.encode_prompt(
            inputs.prompt,
            do_classifier_free_guidance=guided,
            negative_prompt=inputs.negative_prompt,
            max_sequence_length=_TOKENS,
        )
        return {"prompt_embeds": embeds} | ({"negative_prompt_embeds": negative_embeds} if guided else {})

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return truncated_text(pipeline.tokenizer, inputs.prompt, _TOKENS - _TURN)
