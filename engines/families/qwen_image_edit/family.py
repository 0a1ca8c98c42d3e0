"""Qwen-Image-Edit, and Qwen-Image-Edit-Plus (2509, 2511), which takes several pictures: they edit by prompt.

They see a picture twice: the text encoder reads it with the prompt, and its latents are appended to those of the new
picture. Both are made at about one megapixel, whatever the picture's size. So is the new picture, in the same shape;
otherwise it would be shifted against the original. The result is resized to the original size.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.crop import legal_size
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.sizes import resize_to
from engines.families.qwen_image.family import TOKENS, QwenImage, with_full_mask

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from engines.diffusion.conditioning import Frames

MEGAPIXEL = 1024 * 1024
_LOOK = 384 * 384
"""The area in px at which the text encoder of Qwen-Image-Edit-Plus reads a picture."""
_STEP = 32


class QwenImageEdit(QwenImage):
    """Edits one picture; with a mask, only inside it."""

    name = "qwen-image-edit"
    text_tokens = 0
    pipelines: ClassVar = {"edit_image": "QwenImageEditPipeline"}
    encoders = ("tokenizer", "processor", "text_encoder")
    encodes_images = True
    multiple = _STEP
    working_bytes_per_pixel = 9000
    encoding_share_per_image = 0.06  # a megapixel is 1,337 tokens, each with logits of 152,064 tokens

    def pipeline(self, inputs: GenerationInputs) -> str:
        return "QwenImageEditInpaintPipeline" if inputs.conditioning.mask is not None else super().pipeline(inputs)

    def encode(self, pipeline: Any, inputs: GenerationInputs, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        assert inputs.conditioning.first is not None
        picture = resize_to_area(pipeline, inputs.conditioning.first, MEGAPIXEL)
        return with_full_mask(pipeline.encode_prompt(text, image=picture)[0])

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = {"true_cfg_scale": inputs.guidance, "max_sequence_length": TOKENS}
        if inputs.conditioning.mask is not None:  # the pipeline chooses the size itself
            return kwargs | {"strength": inputs.strength}
        width, height = self.size(inputs)
        return kwargs | {"width": width, "height": height}

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        given = {"image": inputs.conditioning.first, "mask_image": inputs.conditioning.mask}
        return {name: image for name, image in given.items() if image is not None}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        # Encoding the masked picture draws noise: each take uses its own seed, to come out as if generated alone.
        batches = [generators] if inputs.conditioning.mask is None else [[generator] for generator in generators]
        takes = (
            super(QwenImageEdit, self).denoise(pipeline, inputs, prompt_embeds, batch, **call) for batch in batches
        )
        return [latents for batch in takes for latents in batch]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        for image in super().decode(vae, pipeline, latents, inputs, scratch):
            yield resize_to(image, inputs.width, inputs.height)

    def size(self, inputs: GenerationInputs) -> tuple[int, int]:
        pixels = MEGAPIXEL if inputs.conditioning.mask is not None else inputs.entry.pixels
        return legal_size(inputs.width, inputs.height, pixels, _STEP, enlarge=True)

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return ""  # it has no length limit


class QwenImageEditPlus(QwenImageEdit):
    """The picture to edit comes first, then the reference pictures in their order; or only these, for a new picture."""

    name = "qwen-image-edit-plus"
    pipelines: ClassVar = {
        "edit_image": "QwenImageEditPlusPipeline",
        "create_image": "QwenImageEditPlusPipeline",
    }
    reference_bytes_per_pixel = 1000
    encoding_share_per_image = 0.015

    def pipeline(self, inputs: GenerationInputs) -> str:
        return self.pipelines[inputs.task]

    def encode(self, pipeline: Any, inputs: GenerationInputs, text: str) -> "tuple[torch.Tensor, torch.Tensor]":
        pictures = [resize_to_area(pipeline, picture, _LOOK) for picture in inputs.conditioning.images]
        return with_full_mask(pipeline.encode_prompt(text, image=pictures)[0])

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        width, height = self.size(inputs)
        return {
            "true_cfg_scale": inputs.guidance,
            "max_sequence_length": TOKENS,
            "width": width,
            "height": height,
        }

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        return {"image": list(inputs.conditioning.images)}

    def size(self, inputs: GenerationInputs) -> tuple[int, int]:
        if inputs.conditioning.first is None:
            return inputs.width, inputs.height
        return legal_size(inputs.width, inputs.height, inputs.entry.pixels, _STEP, enlarge=True)


def resize_to_area(pipeline: Any, picture: "Image", pixels: int) -> "Image":
    """Resize a picture like the pipeline does before it encodes it."""
    width, height = legal_size(*picture.size, pixels, _STEP, enlarge=True)
    resized: Image = pipeline.image_processor.resize(picture, height, width)
    return resized
