"""FLUX.1: schnell and dev generate, Kontext edits by prompt, Fill fills masks."""

from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import FlowMatchingFamily, truncated_text, unpack_latents

if TYPE_CHECKING:
    import torch


class Flux1(FlowMatchingFamily):
    """FLUX.1 takes its guidance as an input (guidance distillation). A negative prompt needs true classifier-free
    guidance in addition, with the entry's option ``true_cfg_scale``; without it, the model ignores negative prompts.
    The option ``text_length`` is the maximum prompt length in tokens."""

    name = "flux.1"
    text_tokens = 512
    pipelines: ClassVar = {
        "create_image": "FluxPipeline",
        "change_image": "FluxImg2ImgPipeline",
        "fill_image": "FluxInpaintPipeline",
        "extend_image": "FluxInpaintPipeline",
    }
    controlled = "FluxControlNetPipeline"
    encoders = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        embeds, pooled_embeds, _ = pipeline.encode_prompt(inputs.prompt, max_sequence_length=self.text_length(inputs))
        prompt_embeds = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled_embeds}
        if _truly_guided(inputs):
            negative_embeds, negative_pooled_embeds, _ = pipeline.encode_prompt(
                inputs.negative_prompt, max_sequence_length=self.text_length(inputs)
            )
            prompt_embeds |= {
                "negative_prompt_embeds": negative_embeds,
                "negative_pooled_prompt_embeds": negative_pooled_embeds,
            }
        return prompt_embeds

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs)
        return kwargs | ({"true_cfg_scale": inputs.entry.options["true_cfg_scale"]} if _truly_guided(inputs) else {})

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        return unpack_latents(latents[0], inputs)

    def text_length(self, inputs: GenerationInputs) -> int:
        """Return the maximum prompt length in tokens."""
        return int(inputs.entry.options.get("text_length", self.text_tokens))

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        room = self.text_length(inputs) - 1  # the last one is the end token
        return truncated_text(pipeline.tokenizer_2, inputs.prompt, room)


class Flux1Kontext(Flux1):
    """Edits a picture by prompt; with a mask, only inside it."""

    name = "flux.1-kontext"
    pipelines: ClassVar = {"edit_image": "FluxKontextPipeline"}

    def pipeline(self, inputs: GenerationInputs) -> str:
        return "FluxKontextInpaintPipeline" if inputs.conditioning.mask is not None else super().pipeline(inputs)

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        # Keep the requested size: otherwise it resizes to a preferred one, which changes the picture's shape.
        return super().call_kwargs(inputs) | {"max_area": inputs.width * inputs.height, "_auto_resize": False}

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        given = {"image": inputs.conditioning.first, "mask_image": inputs.conditioning.mask}
        return {name: picture for name, picture in given.items() if picture is not None}


class Flux1Fill(Flux1):
    """Fills a mask to match its surroundings."""

    name = "flux.1-fill"
    pipelines: ClassVar = {"fill_image": "FluxFillPipeline", "extend_image": "FluxFillPipeline"}


def _truly_guided(inputs: GenerationInputs) -> bool:
    return bool(inputs.negative_prompt and inputs.entry.options.get("true_cfg_scale"))
