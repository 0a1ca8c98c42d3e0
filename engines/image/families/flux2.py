"""FLUX.2: dev and klein draw, edit by words, and go by up to ten pictures; klein also fills by a mask."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.image.families.flow import Flow, beyond, unpacked
from engines.image.family import Words, Work
from engines.image.frame import mounted
from errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

_LEAST_SIDE = 64
_LONGEST = 8
"""What the models take of pictures: sides of 64 px at least, none more than 8 times as long as the other."""
_TURN = 3
"""The tokens that say whose turn it is, before the prompt."""


class Flux2(Flow):
    """The picture to edit comes first, then those to go by, in their order. The entry's options say which
    ``text_layers`` of the text encoder are read."""

    name = "flux.2"
    text_tokens = 512
    pipelines: ClassVar = {"create_image": "Flux2Pipeline", "edit_image": "Flux2Pipeline"}
    reference_bytes_a_pixel = 1000  # 256 kB a token: an estimate from the widths of the layers, not measured
    reading_part = 0.0125  # 40 layers, 512 tokens each of 5,120 numbers, and the scores of 131,072 words

    def read(self, pipeline: Any, work: Work) -> Words:
        return {"prompt_embeds": self.told(pipeline, work, work.prompt)}

    def told(self, pipeline: Any, work: Work, text: str) -> "torch.Tensor":
        """What the text encoder makes of a text."""
        layers = tuple(work.entry.options["text_layers"])
        told: torch.Tensor = pipeline.encode_prompt(
            text, max_sequence_length=self.text_length(work), text_encoder_out_layers=layers
        )[0]
        return told

    def pictures(self, work: Work, count: int) -> dict[str, Any]:
        shown = [_shown(picture) for picture in (work.image, *work.references) if picture is not None]
        return {"image": shown} if shown else {}

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        return unpacked(latents[0], work)

    def text_length(self, work: Work) -> int:
        """How many tokens are read, the model's own orders among them."""
        return int(work.entry.options.get("text_length", self.text_tokens))

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        tokenizer = pipeline.tokenizer.tokenizer
        orders = len(tokenizer(pipeline.system_message).input_ids)
        return beyond(tokenizer, work.prompt, self.text_length(work) - orders - _TURN)


class Flux2Klein(Flux2):
    """Small and quick. What a mask covers is drawn by a pipeline of its own. One that is not distilled follows
    guidance, and with it a negative prompt."""

    name = "flux.2-klein"
    reading_part = 0.07  # of Qwen3 4B: 36 layers, 512 tokens each of 2,560 numbers, and the scores of 151,936 words
    pipelines: ClassVar = {
        "create_image": "Flux2KleinPipeline",
        "edit_image": "Flux2KleinPipeline",
        "fill_image": "Flux2KleinInpaintPipeline",
        "extend_image": "Flux2KleinInpaintPipeline",
    }
    looks_in = ("create_image", "edit_image", "fill_image", "extend_image")

    def read(self, pipeline: Any, work: Work) -> Words:
        words = super().read(pipeline, work)
        if work.guidance > 1 and not pipeline.config.is_distilled:
            words["negative_prompt_embeds"] = self.told(pipeline, work, work.negative_prompt)
        return words

    def pipeline(self, work: Work) -> str:
        return "Flux2KleinInpaintPipeline" if work.mask is not None else super().pipeline(work)

    def arguments(self, work: Work) -> dict[str, Any]:
        return super().arguments(work) | ({"strength": work.strength} if work.mask is not None else {})

    def pictures(self, work: Work, count: int) -> dict[str, Any]:
        if work.mask is None:
            return super().pictures(work, count)
        assert work.image is not None
        # As large as it is: the pipeline draws at its size.
        asked: dict[str, Any] = {"image": _checked(work.image), "mask_image": work.mask}
        if not work.references:
            return asked
        # It would cut all others to the shape of the first.
        first, *others = (_shown(one) for one in work.references)
        return asked | {"image_reference": [first, *(mounted(one, *first.size) for one in others)]}

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        import numpy as np

        if work.mask is None or len(work.references) < 2:
            return super().paint(pipeline, work, words, generators, **call)
        # It would take several pictures to go by for one for each of the pass.
        made = [super(Flux2Klein, self).paint(pipeline, work, words, [one], **call) for one in generators]
        return np.concatenate(made)

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer, work.prompt, self.text_length(work) - _TURN)


def _shown(picture: "Image") -> "Image":
    """A picture as the models take it. Raises StudioError ``too_narrow`` (422) where its shape is beyond them."""
    short = min(_checked(picture).size)
    if short >= _LEAST_SIDE:
        return picture
    scale = _LEAST_SIDE / short
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))


def _checked(picture: "Image") -> "Image":
    """A picture whose shape the models take. Raises StudioError ``too_narrow`` (422) where it is beyond them."""
    short, long = sorted(picture.size)
    if long > _LONGEST * short:
        raise StudioError(
            "too_narrow",
            f"A picture of {picture.width} x {picture.height} px is too narrow for this model.",
            f"It takes pictures up to {_LONGEST} times as long as wide.",
            "Crop it, or take another model.",
            status=422,
        )
    return picture
