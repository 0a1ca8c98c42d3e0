"""FLUX.2: dev and klein generate and edit with up to ten reference pictures; klein also fills masks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.crop import pad_to
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import FlowMatchingFamily, truncated_text, unpack_latents
from errors import StudioError

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

_LEAST_SIDE = 64
_LONGEST = 8
"""Input pictures have sides of at least 64 px, and their longer side is at most 8 times the shorter one."""
_TURN = 3
"""Chat template tokens before the prompt."""


class Flux2(FlowMatchingFamily):
    """The picture to edit comes first, then the reference pictures in their order. The entry's option ``text_layers``
    lists the text encoder's layers that are used."""

    name = "flux.2"
    text_tokens = 512
    pipelines: ClassVar = {"create_image": "Flux2Pipeline", "edit_image": "Flux2Pipeline"}
    reference_bytes_per_pixel = 1000  # 256 kB per token: estimated from the layers' widths, not measured
    encoding_share = 0.0125  # 512 tokens: 40 layers × 5,120 values, and logits of 131,072 tokens

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return {"prompt_embeds": self.encode(pipeline, inputs, inputs.prompt)}

    def encode(self, pipeline: Any, inputs: GenerationInputs, text: str) -> "torch.Tensor":
        """Encode a text."""
        layers = tuple(inputs.entry.options["text_layers"])
        embeds: torch.Tensor = pipeline.encode_prompt(
            text, max_sequence_length=self.text_length(inputs), text_encoder_out_layers=layers
        )[0]
        return embeds

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        shown = [_shown(picture) for picture in inputs.conditioning.images]
        return {"image": shown} if shown else {}

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        return unpack_latents(latents[0], inputs)

    def text_length(self, inputs: GenerationInputs) -> int:
        """Return the maximum length in tokens, including the system message."""
        return int(inputs.entry.options.get("text_length", self.text_tokens))

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        tokenizer = pipeline.tokenizer.tokenizer
        orders = len(tokenizer(pipeline.system_message).input_ids)
        return truncated_text(tokenizer, inputs.prompt, self.text_length(inputs) - orders - _TURN)


class Flux2Klein(Flux2):
    """Small and fast. Masks have a pipeline of their own. Base models (not distilled) support guidance, and with it
    negative prompts."""

    name = "flux.2-klein"
    encoding_share = 0.07  # Qwen3 4B, 512 tokens: 36 layers × 2,560 values, and logits of 151,936 tokens
    pipelines: ClassVar = {
        "create_image": "Flux2KleinPipeline",
        "edit_image": "Flux2KleinPipeline",
        "fill_image": "Flux2KleinInpaintPipeline",
        "extend_image": "Flux2KleinInpaintPipeline",
    }
    reference_tasks = ("create_image", "edit_image", "fill_image", "extend_image")

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        prompt_embeds = super().encode_prompt(pipeline, inputs)
        if inputs.guidance > 1 and not pipeline.config.is_distilled:
            prompt_embeds["negative_prompt_embeds"] = self.encode(pipeline, inputs, inputs.negative_prompt)
        return prompt_embeds

    def pipeline(self, inputs: GenerationInputs) -> str:
        return "Flux2KleinInpaintPipeline" if inputs.conditioning.mask is not None else super().pipeline(inputs)

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        return super().call_kwargs(inputs) | (
            {"strength": inputs.strength} if inputs.conditioning.mask is not None else {}
        )

    def image_kwargs(self, inputs: GenerationInputs, count: int) -> dict[str, Any]:
        if inputs.conditioning.mask is None:
            return super().image_kwargs(inputs, count)
        assert inputs.conditioning.first is not None
        # Not resized: the pipeline generates at its size.
        asked: dict[str, Any] = {"image": _checked(inputs.conditioning.first), "mask_image": inputs.conditioning.mask}
        if not inputs.conditioning.references:
            return asked
        # The pipeline would crop all others to the shape of the first.
        first, *others = (_shown(one) for one in inputs.conditioning.references)
        return asked | {"image_reference": [first, *(pad_to(one, *first.size) for one in others)]}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        if inputs.conditioning.mask is None or len(inputs.conditioning.references) < 2:
            return super().denoise(pipeline, inputs, prompt_embeds, generators, **call)
        # The pipeline would assign one reference picture to each picture of the batch.
        results = [
            super(Flux2Klein, self).denoise(pipeline, inputs, prompt_embeds, [one], **call) for one in generators
        ]
        return [latents for one in results for latents in one]

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return truncated_text(pipeline.tokenizer, inputs.prompt, self.text_length(inputs) - _TURN)


def _shown(picture: "Image") -> "Image":
    """Return a picture at a size that the models accept. Raises StudioError ``too_narrow`` (422) for extreme shapes."""
    short = min(_checked(picture).size)
    if short >= _LEAST_SIDE:
        return picture
    scale = _LEAST_SIDE / short
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))


def _checked(picture: "Image") -> "Image":
    """Return the picture if the models accept its shape, else raise StudioError ``too_narrow`` (422)."""
    short, long = sorted(picture.size)
    if long > _LONGEST * short:
        raise StudioError(
            "too_narrow",
            f"A picture of {picture.width} × {picture.height} px is too narrow for this model.",
            f"The longer side can be at most {_LONGEST} times the shorter side.",
            "Crop the picture, or choose another model.",
            status=422,
        )
    return picture
