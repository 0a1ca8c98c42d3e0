"""Stable Diffusion 1.5 and models of its architecture, including the studio's own Storybook."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.families.stable_diffusion import ip_adapter


class StableDiffusion(Family):
    name = "stable-diffusion-1.5"
    text_tokens = 77
    pipelines: ClassVar = {
        "create_image": "StableDiffusionPipeline",
        "change_image": "StableDiffusionImg2ImgPipeline",
        "fill_image": "StableDiffusionInpaintPipeline",
        "extend_image": "StableDiffusionInpaintPipeline",
    }
    controlled = "StableDiffusionControlNetPipeline"
    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder", "image_encoder")
    denoisers: ClassVar[tuple[str, ...]] = ("unet", "controlnet", "vae")
    multiple = 8
    reference_tasks = ("create_image", "change_image", "fill_image", "extend_image")
    reference_encoder = ip_adapter.ROLE

    def options(self, inputs: GenerationInputs) -> dict[str, Any]:
        return {"requires_safety_checker": False, **super().options(inputs)}

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        guided = _guided(inputs)
        prompt_embeds = self.encode(pipeline, inputs, guided)
        if inputs.conditioning.references:
            prompt_embeds["ip_adapter_image_embeds"] = [
                ip_adapter.image_embeds(pipeline, inputs.conditioning.references, guided)
            ]
        return prompt_embeds

    def encode(self, pipeline: Any, inputs: GenerationInputs, guided: bool) -> PromptEmbeds:
        """Encode the prompt without the reference pictures."""
        embeds, negative_embeds = pipeline.encode_prompt(
            inputs.prompt, pipeline._execution_device, 1, guided, inputs.negative_prompt if guided else None
        )
        return {"prompt_embeds": embeds} | ({"negative_prompt_embeds": negative_embeds} if guided else {})

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs: dict[str, Any] = {"guidance_scale": inputs.guidance}
        size = {"width": inputs.width, "height": inputs.height}
        control = inputs.conditioning.control
        if control:
            return kwargs | size | {"image": control.map, "controlnet_conditioning_scale": control.strength}
        if inputs.conditioning.first is None:
            return kwargs | size
        # Without a mask, the size is the picture's.
        return kwargs | {"strength": inputs.strength} | (size if inputs.conditioning.mask is not None else {})

    @contextmanager
    def with_adapters(self, pipeline: Any, inputs: GenerationInputs, files: Mapping[str, Path]) -> Iterator[None]:
        if not inputs.conditioning.references:
            yield
            return
        helper = next(one for one in inputs.auxiliary_models if one.role == ip_adapter.ROLE)
        with ip_adapter.apply_ip_adapter(pipeline, files["ip_adapter"], float(helper.options["scale"])):
            yield

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        tokenizer = pipeline.tokenizer
        tokens = tokenizer(inputs.prompt, truncation=False).input_ids
        room = tokenizer.model_max_length - 1
        return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)) if len(tokens) > room + 1 else ""


def _guided(inputs: GenerationInputs) -> bool:
    """Whether each step runs with the prompt and the negative prompt; embedded guidance needs only one run."""
    return inputs.guidance > 1 and inputs.entry.guidance != "embedded"
