"""HiDream-I1 (full, dev, fast) and HiDream-E1.1, which edits a picture by prompt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import truncated_text
from engines.diffusion.sizes import resize_to

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

_TOKENS = 128
"""The maximum prompt length in tokens."""


class HiDream(Family):
    """Four text encoders read the prompt. It always generates about one megapixel, in the requested shape."""

    name = "hidream"
    text_tokens = _TOKENS
    pipelines: ClassVar = {"create_image": "HiDreamImagePipeline"}
    encodes_images = False
    encoders = tuple(f"{part}{number}" for number in ("", "_2", "_3", "_4") for part in ("tokenizer", "text_encoder"))

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        guided = inputs.guidance > 1
        embeds = pipeline.encode_prompt(
            inputs.prompt,
            negative_prompt=inputs.negative_prompt,
            do_classifier_free_guidance=guided,
            max_sequence_length=_TOKENS,
        )
        names = ("prompt_embeds_t5", "prompt_embeds_llama3", "pooled_prompt_embeds")
        prompt_embeds = dict(zip(names, embeds[::2], strict=True))
        return prompt_embeds | {
            f"negative_{name}": one for name, one in zip(names, embeds[1::2], strict=True) if guided
        }

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        return {"guidance_scale": inputs.guidance, "width": inputs.width, "height": inputs.height}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        pipeline.default_sample_size = int(inputs.entry.options["sample_size"])
        return super().denoise(pipeline, inputs, prompt_embeds, generators, **call)

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        for image in super().decode(vae, pipeline, latents, inputs, scratch):
            yield resize_to(image, inputs.width, inputs.height)

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return truncated_text(pipeline.tokenizer_4, inputs.prompt, _TOKENS - 1)  # the first one is the start token


class HiDreamEdit(HiDream):
    """HiDream-E1.1 has two guidance scales, one for the prompt and one for the picture."""

    name = "hidream-edit"
    pipelines: ClassVar = {"edit_image": "engines.native.hidream_e1:HiDreamImageEditingPipeline"}
    working_bytes_per_pixel = 6000

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        return {
            "guidance_scale": inputs.guidance,
            "image_guidance_scale": float(inputs.entry.options["image_guidance"]),
        }

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        return {"image": inputs.conditioning.first}
