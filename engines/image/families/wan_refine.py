"""Wan 2.2's low-noise expert on a single frame: skin, cloth and light of a picture become those of a photograph."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.image.families.flow import beyond
from engines.image.families.wan_decoding import BYTES_A_PIXEL, LARGEST_TILE, decoded, encoding_by_tiles
from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch

TOKENS = 512


def read_words(pipeline: Any, work: Work, tokens: int) -> Words:
    """What the encoder of Wan makes of the words, of which it reads so many ``tokens``."""
    guided = work.guidance > 1
    told, untold = pipeline.encode_prompt(
        work.prompt,
        work.negative_prompt,
        do_classifier_free_guidance=guided,
        max_sequence_length=tokens,
    )
    return {"prompt_embeds": told} | ({"negative_prompt_embeds": untold} if guided else {})


class WanRefine(Family):
    """A clip model, asked for one frame. What makes the last steps of a clip is all that a picture needs."""

    name = "wan-refine"
    text_tokens = TOKENS
    pipelines: ClassVar = {"change_image": "WanVideoToVideoPipeline", "create_image": "WanPipeline"}
    reads_pictures = False
    vae_dtype = "float32"  # in half precision its frames flicker and band; the pipelines cast for it

    def read(self, pipeline: Any, work: Work) -> Words:
        return read_words(pipeline, work, TOKENS)

    def arguments(self, work: Work) -> dict[str, Any]:
        asked = {"guidance_scale": work.guidance, "width": work.width, "height": work.height}
        if work.task == "create_image":
            return asked | {"num_frames": 1}
        return asked | {"video": [work.image], "strength": work.strength}

    def paint(
        self, pipeline: Any, work: Work, words: Words, generators: "Sequence[torch.Generator]", **call: Any
    ) -> "np.ndarray":
        import numpy as np

        count = len(generators)
        with encoding_by_tiles(pipeline.vae):
            latents = pipeline(
                **{name: one.repeat(count, 1, 1) for name, one in words.items()},  # it makes one clip for each prompt
                **self.arguments(work),
                num_inference_steps=work.steps,
                generator=list(generators),
                output_type="latent",
                **call,
            ).frames
        return np.stack([next(decoded(pipeline.vae, one)) for one in latents.split(1)])

    def working_bytes_of(self, entry: Entry, pixels: int, pictures: int) -> int:
        decoding = min(pixels, LARGEST_TILE) * BYTES_A_PIXEL
        return max(super().working_bytes_of(entry, pixels, pictures), decoding)

    def first(self, latents: "torch.Tensor", work: Work) -> "torch.Tensor":
        return latents[0, :, 0]

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer, work.prompt, TOKENS - 1)  # the last is the mark of the end
