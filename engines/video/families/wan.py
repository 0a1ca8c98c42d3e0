"""Wan: clips from words, and with one model for both (2.2 TI2V, which knows which frame is given) from a picture."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.image.families.flow import beyond
from engines.image.families.wan_decoding import BYTES_A_PIXEL, decoded, tile_pixels
from engines.image.families.wan_refine import TOKENS, read_words
from engines.image.family import Factors, Words, Work
from engines.video.families.wan_colours import fitted
from engines.video.family import ClipFamily, ClipWork

if TYPE_CHECKING:
    import numpy as np
    import torch

_TOKEN_BYTES = 240_000
"""What a step takes for each token of a clip, in half precision, where an entry does not say."""


class Wan(ClipFamily):
    name = "wan"
    text_tokens = TOKENS
    pipelines: ClassVar = {"create_clip": "WanPipeline", "animate_image": "WanImageToVideoPipeline"}
    reads_pictures = False
    vae_dtype = "float32"  # in half precision its frames flicker and band; the pipelines cast for it

    def read(self, pipeline: Any, work: Work) -> Words:
        return read_words(pipeline, work, _tokens(work.entry))

    def arguments(self, work: Work) -> dict[str, Any]:
        assert isinstance(work, ClipWork)
        # Where every frame has a latent of its own, the pipelines add one to whatever number they are given.
        frames = work.frames - (self.step(work.entry) == 1)
        asked = {"width": work.width, "height": work.height, "num_frames": frames, "guidance_scale": work.guidance}
        return asked | ({"image": work.image} if work.image is not None else {})

    def film(
        self, pipeline: Any, work: ClipWork, words: Words, generator: "torch.Generator", **call: Any
    ) -> "Iterator[np.ndarray]":
        latents = pipeline(
            **words,
            **self.arguments(work),
            num_inference_steps=work.steps,
            generator=generator,
            output_type="latent",
            **call,
        ).frames
        return decoded(pipeline.vae, latents)

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        """A frame of the middle: by then something has happened."""
        return latents[0, :, latents.shape[2] // 2]

    def colours(self, pipeline: Any, work: Work) -> Factors:
        return super().colours(pipeline, work) or fitted(pipeline.vae)

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer, work.prompt, _tokens(work.entry) - 1)  # the last is the mark of the end

    def working_bytes(self, entry: Entry, width: int, height: int, frames: int) -> int:
        latents, side = 1 + (frames - 1) // self.step(entry), int(entry.options.get("multiple", self.multiple))
        filming = latents * (width // side) * (height // side) * int(entry.options.get("token_bytes", _TOKEN_BYTES))
        return max(filming, tile_pixels(width, height, side // 2) * BYTES_A_PIXEL)


def _tokens(entry: Entry) -> int:
    """How many tokens a model reads."""
    return int(entry.options.get("text_tokens", TOKENS))
