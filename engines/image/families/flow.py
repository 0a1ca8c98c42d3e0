"""What families of flow-matching transformers have in common: their pipelines are asked alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch

_CHANGED = ("change_image", "fill_image", "extend_image")
"""The tasks that begin from a noisy form of the picture, the noisier the more may change."""


class Flow(Family):
    """A family whose pipelines take size, guidance, strength and pictures under the same names, and whose encoders read
    nothing but the words."""

    painters = ("transformer", "controlnet", "vae")
    reads_pictures = False

    def arguments(self, work: Work) -> dict[str, Any]:
        size = {"width": work.width, "height": work.height}
        asked: dict[str, Any] = {**size, "guidance_scale": work.guidance, **kept(work)}
        return asked | ({"strength": work.strength} if work.task in _CHANGED else {})

    def pictures(self, work: Work, count: int) -> dict[str, Any]:
        """The pictures that a pass of ``count`` begins from. One for each: coding a picture draws on chance, and each
        must draw on its own seed to be the one that is made alone."""
        given = {"image": work.image, "mask_image": work.mask}
        return {name: [picture] * count for name, picture in given.items() if picture is not None}

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        return super().paint(pipeline, work, words, generators, **self.pictures(work, len(generators)), **call)


def kept(work: Work) -> dict[str, Any]:
    """The arguments that say which structure is kept, and how: none where none is.

    What the helper's option ``until`` says for a structure is the part of the steps after which it is let go.
    """
    if work.control is None:
        return {}
    kind, strength = work.control.kind, work.control.strength
    helper = next(one for one in work.helpers if f"control.{kind}" in one.roles)
    until = helper.options.get("until", {}).get(kind)
    asked: dict[str, Any] = {"control_image": work.control.map, "controlnet_conditioning_scale": strength}
    return asked | ({"control_guidance_end": until} if until else {})


def unpacked(tokens: "torch.Tensor", work: Work) -> "torch.Tensor":
    """Latents that were packed two by two into tokens (places, 4 x channels), as (channels, height, width)."""
    rows, columns = work.height // 16, work.width // 16
    blocks = tokens.reshape(rows, columns, -1, 2, 2).permute(2, 0, 3, 1, 4)
    return blocks.reshape(blocks.shape[0], 2 * rows, 2 * columns)


def beyond(tokenizer: Any, text: str, room: int) -> str:
    """The end of a text that has more than ``room`` tokens."""
    tokens = tokenizer(text, add_special_tokens=False, truncation=False).input_ids
    return str(tokenizer.decode(tokens[room:], skip_special_tokens=True)).strip() if len(tokens) > room else ""
