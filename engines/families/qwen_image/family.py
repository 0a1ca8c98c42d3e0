"""Qwen-Image: pictures that follow long prompts and contain readable text."""

import math
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import control_kwargs, truncated_text

if TYPE_CHECKING:
    import torch

TOKENS = 1024
"""The maximum prompt length in tokens."""


class QwenImage(Family):
    """It uses true classifier-free guidance: each step runs the model with the prompt and with the negative prompt."""

    name = "qwen-image"
    text_tokens = TOKENS
    pipelines: ClassVar = {
        "create_image": "QwenImagePipeline",
        "change_image": "QwenImageImg2ImgPipeline",
        "fill_image": "QwenImageInpaintPipeline",
        "extend_image": "QwenImageInpaintPipeline",
    }
    controlled = "QwenImageControlNetPipeline"
    denoisers = ("transformer", "controlnet", "vae")
    encodes_images = False

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        prompt_embeds: PromptEmbeds = {}
        prompt_embeds["prompt_embeds"], prompt_embeds["prompt_embeds_mask"] = self.encode(
            pipeline, inputs, inputs.prompt
        )
        if inputs.guidance > 1:
            # Without a negative prompt it gets a space, so that guidance still applies.
            negative = self.encode(pipeline, inputs, inputs.negative_prompt or " ")
            prompt_embeds["negative_prompt_embeds"], prompt_embeds["negative_prompt_embeds_mask"] = negative
        return prompt_embeds

    def encode(self, pipeline: Any, inputs: GenerationInputs, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        """Encode a text; return its embeds and a mask of ones."""
        return with_full_mask(pipeline.encode_prompt(text)[0])

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs: dict[str, Any] = {
            "true_cfg_scale": inputs.guidance,
            "max_sequence_length": TOKENS,
            "width": inputs.width,
            "height": inputs.height,
            **control_kwargs(inputs),
        }
        return kwargs | ({"strength": inputs.strength} if inputs.conditioning.first is not None else {})

    def size(self, inputs: GenerationInputs) -> tuple[int, int]:
        """Return the width and height that the model generates, in px."""
        return inputs.width, inputs.height

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        """Return the first picture's latents as (channels, height, width); each token holds 2 × 2 of them."""
        width, height = self.size(inputs)
        tile = math.isqrt(width * height // latents.shape[1])  # px per token and side
        width, height = width // tile, height // tile
        tiles = latents[0].reshape(height, width, -1, 2, 2)
        return tiles.permute(2, 0, 3, 1, 4).reshape(-1, 2 * height, 2 * width)

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        before = pipeline.prompt_template_encode.split("{}")[0]
        room = TOKENS + pipeline.prompt_template_encode_start_idx - len(pipeline.tokenizer(before).input_ids)
        return truncated_text(pipeline.tokenizer, inputs.prompt, room)


def with_full_mask(embeds: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the embeds of a text and a mask of ones: none of them is padding."""
    return embeds, embeds.new_ones(embeds.shape[:2]).long()
