"""Stable Diffusion XL and models of its architecture: two text encoders, the second also returns pooled embeds."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from engines.catalog import Entry, locations
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.families.stable_diffusion.family import StableDiffusion

_HALF_DECODER = "madebyollin/sdxl-vae-fp16-fix"
"""The repository of the autoencoder that does not overflow in half precision."""


class StableDiffusionXL(StableDiffusion):
    name = "sdxl"
    pipelines: ClassVar = {
        "create_image": "StableDiffusionXLPipeline",
        "change_image": "StableDiffusionXLImg2ImgPipeline",
        "fill_image": "StableDiffusionXLInpaintPipeline",
        "extend_image": "StableDiffusionXLInpaintPipeline",
    }
    controlled = "StableDiffusionXLControlNetPipeline"
    encoders = ("tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2", "image_encoder")

    def decoding_bytes(self, workload: Workload) -> int:
        bytes_needed = super().decoding_bytes(workload)
        return 2 * bytes_needed if _decodes_in_float32(workload.entry) else bytes_needed

    def options(self, inputs: GenerationInputs) -> dict[str, Any]:
        return {"add_watermarker": False, **inputs.entry.options.get("pipeline", {})}

    def encode(self, pipeline: Any, inputs: GenerationInputs, guided: bool) -> PromptEmbeds:
        embeds, negative_embeds, pooled_embeds, negative_pooled_embeds = pipeline.encode_prompt(
            inputs.prompt,
            device=pipeline._execution_device,
            do_classifier_free_guidance=guided,
            # None gives zero embeds, on which SDXL was trained; an empty text gives different ones.
            negative_prompt=inputs.negative_prompt or None,
        )
        prompt_embeds = {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled_embeds}
        if guided:
            prompt_embeds |= {
                "negative_prompt_embeds": negative_embeds,
                "negative_pooled_prompt_embeds": negative_pooled_embeds,
            }
        return prompt_embeds

    @contextmanager
    def with_adapters(self, pipeline: Any, inputs: GenerationInputs, files: Mapping[str, Path]) -> Iterator[None]:
        # The pipeline casts the shared autoencoder to float32; after an error it would stay so.
        precision = pipeline.vae.dtype
        try:
            with super().with_adapters(pipeline, inputs, files):
                yield
        finally:
            pipeline.vae.to(dtype=precision)


def _decodes_in_float32(entry: Entry) -> bool:
    """Whether the autoencoder needs float32, as its config says; if it is not downloaded, unless it is known to work in
    half precision. Helper models such as a ControlNet have no autoencoder."""
    part = entry.parts.get("vae")
    if part is None:
        return False
    if part.file:  # a single file contains SDXL's own
        return True
    try:
        config = json.loads((locations.place(part, Path()) / "config.json").read_text())
        return bool(config.get("force_upcast", True))
    except (OSError, ValueError, AttributeError):
        return part.repo != _HALF_DECODER
