"""Qwen-Image 2.1: one model that generates and edits pictures, with up to ten reference pictures."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.crop import legal_size
from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.sizes import resize_to

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from engines.diffusion.conditioning import Frames

_STEP = 32
_OPAQUE = 0.99


class QwenImage21(Family):
    """Pictures are encoded with the prompt, at the area that the model generates; all are RGBA."""

    name = "qwen-image-2.1"
    text_tokens = 0
    pipelines: ClassVar = {"create_image": "QwenImage21Pipeline", "edit_image": "QwenImage21Pipeline"}
    reference_bytes_per_pixel = 1000
    encoding_share_per_image = 0.06  # like Qwen-Image-Edit
    encoders = ("processor", "text_encoder")
    # The pipeline cannot be built without the processor.
    denoisers = ("processor", "transformer", "vae")
    multiple = _STEP

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        pictures = [_resized(pipeline, picture, inputs.entry.pixels) for picture in inputs.conditioning.images] or None
        prompt_embeds: PromptEmbeds = {}
        prompt_embeds["prompt_embeds"], _, prompt_embeds["image_pad_mask"] = pipeline.encode_prompt(
            inputs.prompt, pictures
        )
        if inputs.guidance > 1:
            negative = pipeline.encode_prompt(inputs.negative_prompt or " ", pictures)
            prompt_embeds["negative_prompt_embeds"], _, prompt_embeds["negative_image_pad_mask"] = negative
        return prompt_embeds

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        width, height = inputs.width, inputs.height
        if inputs.conditioning.first is not None:
            width, height = legal_size(width, height, inputs.entry.pixels, _STEP, enlarge=True)
        return {
            "true_cfg_scale": inputs.guidance,
            "width": width,
            "height": height,
            "output_resolution": math.isqrt(inputs.entry.pixels),
        }

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        return {"image": list(inputs.conditioning.images) or None}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        embeds = dict(prompt_embeds)
        masks = [embeds.pop("image_pad_mask"), embeds.pop("negative_image_pad_mask", None)]
        encode = pipeline.encode_prompt

        def with_mask(**kwargs: Any) -> Any:
            # The pipeline encodes prompt and negative prompt in turn, and has no parameter for their masks.
            mask = masks[kwargs["prompt_embeds"] is not embeds["prompt_embeds"]]
            return encode(**kwargs, image_pad_mask=mask)

        pipeline.encode_prompt = with_mask
        return super().denoise(pipeline, inputs, embeds, generators, **call)

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        for image in super().decode(vae, pipeline, latents, inputs, scratch):
            colors, alpha = image[..., :3], image[..., 3:]
            if inputs.conditioning.first is not None:  # its input had no transparency: white background
                image = colors * alpha + 1 - alpha
            elif alpha.min() > _OPAQUE:
                image = colors
            yield resize_to(image, inputs.width, inputs.height)


def _resized(pipeline: Any, picture: "Image", pixels: int) -> "Image":
    """Resize a picture like the pipeline does."""
    width, height = legal_size(*picture.size, math.isqrt(pixels) ** 2, _STEP, enlarge=True)
    resized: Image = pipeline.image_processor.resize(picture.convert("RGBA"), width=width, height=height)
    return resized
