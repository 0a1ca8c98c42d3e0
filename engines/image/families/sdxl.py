"""Stable Diffusion XL and what is built like it: two encoders read the words, the second also sums them up."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from engines.catalog import Entry, files
from engines.image.families.stable_diffusion import StableDiffusion
from engines.image.family import Words, Work

_HALF_DECODER = "madebyollin/sdxl-vae-fp16-fix"
"""The decoder that does not overflow in half precision."""


class StableDiffusionXL(StableDiffusion):
    name = "sdxl"
    pipelines: ClassVar = {
        "create_image": "StableDiffusionXLPipeline",
        "change_image": "StableDiffusionXLImg2ImgPipeline",
        "fill_image": "StableDiffusionXLInpaintPipeline",
        "extend_image": "StableDiffusionXLInpaintPipeline",
    }
    controlled = "StableDiffusionXLControlNetPipeline"
    readers = ("tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2", "image_encoder")

    def working_bytes_of(self, entry: Entry, pixels: int, pictures: int) -> int:
        taken = super().working_bytes_of(entry, pixels, pictures)
        return 2 * taken if _decodes_in_float32(entry) else taken

    def options(self, work: Work) -> dict[str, Any]:
        return {"add_watermarker": False, **work.entry.options.get("pipeline", {})}

    def said(self, pipeline: Any, work: Work, guided: bool) -> Words:
        told, untold, sum_told, sum_untold = pipeline.encode_prompt(
            work.prompt,
            device=pipeline._execution_device,
            do_classifier_free_guidance=guided,
            # Without one it is trained on nothing at all, which is not the same as an empty text.
            negative_prompt=work.negative_prompt or None,
        )
        words = {"prompt_embeds": told, "pooled_prompt_embeds": sum_told}
        if guided:
            words |= {"negative_prompt_embeds": untold, "negative_pooled_prompt_embeds": sum_untold}
        return words

    @contextmanager
    def helped(self, pipeline: Any, work: Work, files: Mapping[str, Path]) -> Iterator[None]:
        # The pipeline casts the shared autoencoder to float32 to use it: an error on the way would leave it so.
        precision = pipeline.vae.dtype
        try:
            with super().helped(pipeline, work, files):
                yield
        finally:
            pipeline.vae.to(dtype=precision)


def _decodes_in_float32(entry: Entry) -> bool:
    """Whether the autoencoder works in float32, whatever the precision of the rest: as its config says, and while that
    is not here, unless it is known to do without. What only helps a model (a ControlNet) has none."""
    part = entry.parts.get("vae")
    if part is None:
        return False
    if part.file:  # in a single file lies SDXL's own
        return True
    try:
        config = json.loads((files.place(part, Path()) / "config.json").read_text())
        return bool(config.get("force_upcast", True))
    except (OSError, ValueError, AttributeError):
        return part.repo != _HALF_DECODER
