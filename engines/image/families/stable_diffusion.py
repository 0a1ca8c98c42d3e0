"""Stable Diffusion 1.5 and what is built like it, the studio's own Storybook too."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families import ip_adapter
from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch


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
    readers: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder", "image_encoder")
    painters: ClassVar[tuple[str, ...]] = ("unet", "controlnet", "vae")
    multiple = 8
    looks_in = ("create_image", "change_image", "fill_image", "extend_image")
    looks_with = ip_adapter.ROLE

    def options(self, work: Work) -> dict[str, Any]:
        return {"requires_safety_checker": False, **super().options(work)}

    def read(self, pipeline: Any, work: Work) -> Words:
        guided = _guided(work)
        words = self.said(pipeline, work, guided)
        if work.references:
            words["ip_adapter_image_embeds"] = [ip_adapter.seen(pipeline, work.references, guided)]
        return words

    def said(self, pipeline: Any, work: Work, guided: bool) -> Words:
        """What the text encoders make of the words alone."""
        told, untold = pipeline.encode_prompt(
            work.prompt, pipeline._execution_device, 1, guided, work.negative_prompt if guided else None
        )
        return {"prompt_embeds": told} | ({"negative_prompt_embeds": untold} if guided else {})

    def arguments(self, work: Work) -> dict[str, Any]:
        asked: dict[str, Any] = {"guidance_scale": work.guidance}
        size = {"width": work.width, "height": work.height}
        if work.control:
            strength = work.control.strength
            return asked | size | {"image": work.control.map, "controlnet_conditioning_scale": strength}
        if work.image is None:
            return asked | size
        # Without a mask the size is the picture's.
        return asked | {"strength": work.strength} | (size if work.mask is not None else {})

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        # One for each: coding a picture draws on chance, and each must draw on its own seed to be the one made alone.
        given = {"image": work.image, "mask_image": work.mask}
        pictures = {name: [picture] * len(generators) for name, picture in given.items() if picture is not None}
        return super().paint(pipeline, work, words, generators, **pictures, **call)

    @contextmanager
    def helped(self, pipeline: Any, work: Work, files: Mapping[str, Path]) -> Iterator[None]:
        if not work.references:
            yield
            return
        helper = next(one for one in work.helpers if one.role == ip_adapter.ROLE)
        with ip_adapter.added(pipeline, files["ip_adapter"], float(helper.options["scale"])):
            yield

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        tokenizer = pipeline.tokenizer
        tokens = tokenizer(work.prompt, truncation=False).input_ids
        room = tokenizer.model_max_length - 1
        return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)) if len(tokens) > room + 1 else ""


def _guided(work: Work) -> bool:
    """Whether each step is done with and without the words; where guidance is built in, it is not."""
    return work.guidance > 1 and work.entry.guidance != "embedded"
