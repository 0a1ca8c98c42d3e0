"""Stable Diffusion 1.5 and what is built like it, the studio's own Storybook too."""

from typing import Any, ClassVar

from engines.image.family import Family, Words, Work


class StableDiffusion(Family):
    name = "stable-diffusion-1.5"
    pipelines: ClassVar = {
        "create_image": "StableDiffusionPipeline",
        "change_image": "StableDiffusionImg2ImgPipeline",
        "fill_image": "StableDiffusionInpaintPipeline",
        "extend_image": "StableDiffusionInpaintPipeline",
    }
    painters = ("unet", "vae")
    multiple = 8

    def options(self, work: Work) -> dict[str, Any]:
        return {"requires_safety_checker": False, **super().options(work)}

    def read(self, pipeline: Any, work: Work) -> Words:
        guided = work.guidance > 1
        told, untold = pipeline.encode_prompt(work.prompt, "cpu", 1, guided, work.negative_prompt if guided else None)
        return {"prompt_embeds": told} | ({"negative_prompt_embeds": untold} if guided else {})

    def arguments(self, work: Work) -> dict[str, Any]:
        asked: dict[str, Any] = {"guidance_scale": work.guidance}
        if work.task == "create_image":
            return asked | {"width": work.width, "height": work.height}
        asked |= {"image": work.image, "strength": work.strength}
        if work.mask is not None:
            asked |= {"mask_image": work.mask, "width": work.width, "height": work.height}
        return asked

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        tokenizer = pipeline.tokenizer
        tokens = tokenizer(work.prompt, truncation=False).input_ids
        room = tokenizer.model_max_length - 1
        return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)) if len(tokens) > room + 1 else ""
