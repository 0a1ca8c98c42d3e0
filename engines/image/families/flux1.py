"""FLUX.1: schnell and dev, which draw; Kontext, which edits by words; Fill, made for masks."""

from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.flow import Flow, beyond, unpacked
from engines.image.family import Words, Work

if TYPE_CHECKING:
    import torch


class Flux1(Flow):
    """Its guidance is told to the model as a number. A negative prompt takes real guidance beside that, as much as the
    entry's option ``true_cfg_scale`` says; where that is missing, the model knows none. ``text_length`` is how many
    tokens it reads."""

    name = "flux.1"
    text_tokens = 512
    pipelines: ClassVar = {
        "create_image": "FluxPipeline",
        "change_image": "FluxImg2ImgPipeline",
        "fill_image": "FluxInpaintPipeline",
        "extend_image": "FluxInpaintPipeline",
    }
    controlled = "FluxControlNetPipeline"
    readers = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")

    def read(self, pipeline: Any, work: Work) -> Words:
        told, pooled, _ = pipeline.encode_prompt(work.prompt, max_sequence_length=self.text_length(work))
        words = {"prompt_embeds": told, "pooled_prompt_embeds": pooled}
        if _truly_guided(work):
            untold, bare, _ = pipeline.encode_prompt(work.negative_prompt, max_sequence_length=self.text_length(work))
            words |= {"negative_prompt_embeds": untold, "negative_pooled_prompt_embeds": bare}
        return words

    def arguments(self, work: Work) -> dict[str, Any]:
        asked = super().arguments(work)
        return asked | ({"true_cfg_scale": work.entry.options["true_cfg_scale"]} if _truly_guided(work) else {})

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        return unpacked(latents[0], work)

    def text_length(self, work: Work) -> int:
        """How many tokens of a prompt are read."""
        return int(work.entry.options.get("text_length", self.text_tokens))

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer_2, work.prompt, self.text_length(work) - 1)  # the last is the end mark


class Flux1Kontext(Flux1):
    """Looks at the picture while it draws. With a mask only what that covers is drawn."""

    name = "flux.1-kontext"
    pipelines: ClassVar = {"edit_image": "FluxKontextPipeline"}

    def pipeline(self, work: Work) -> str:
        return "FluxKontextInpaintPipeline" if work.mask is not None else super().pipeline(work)

    def arguments(self, work: Work) -> dict[str, Any]:
        # At our size: it would else choose one of its own, and change the picture's shape for it.
        return super().arguments(work) | {"max_area": work.width * work.height, "_auto_resize": False}

    def pictures(self, work: Work, count: int) -> dict[str, Any]:
        given = {"image": work.image, "mask_image": work.mask}
        return {name: picture for name, picture in given.items() if picture is not None}


class Flux1Fill(Flux1):
    """Looks at the mask and at what is around it."""

    name = "flux.1-fill"
    pipelines: ClassVar = {"fill_image": "FluxFillPipeline", "extend_image": "FluxFillPipeline"}


def _truly_guided(work: Work) -> bool:
    return bool(work.negative_prompt and work.entry.options.get("true_cfg_scale"))
