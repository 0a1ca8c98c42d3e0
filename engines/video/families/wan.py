"""Wan: clips from words, and with one model for both (2.2 TI2V, which knows which frame is given) from a picture."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.image.families.flow import beyond
from engines.image.family import Words, Work
from engines.video.family import ClipFamily, ClipWork

if TYPE_CHECKING:
    import numpy as np
    import torch

_TOKENS = 512
_TOKEN_BYTES = 260_000
"""What a step takes for each token of a clip, in half precision."""
_PIXEL_BYTES = 9_000
"""What decoding takes for each pixel of a frame, in the decoder's single precision: four frames at a time."""


class Wan(ClipFamily):
    name = "wan"
    pipelines: ClassVar = {"create_clip": "WanPipeline", "animate_image": "WanImageToVideoPipeline"}
    reads_pictures = False

    def read(self, pipeline: Any, work: Work) -> Words:
        guided = work.guidance > 1
        told, untold = pipeline.encode_prompt(
            work.prompt,
            work.negative_prompt,
            do_classifier_free_guidance=guided,
            max_sequence_length=_tokens(work.entry),
        )
        return {"prompt_embeds": told} | ({"negative_prompt_embeds": untold} if guided else {})

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

    def words_left_out(self, pipeline: Any, work: Work) -> str:
        return beyond(pipeline.tokenizer, work.prompt, _tokens(work.entry) - 1)  # the last is the mark of the end

    def working_bytes(self, entry: Entry, pixels: int, frames: int) -> int:
        latents = 1 + (frames - 1) // self.step(entry)
        side = int(entry.options.get("multiple", self.multiple))
        return max(latents * pixels // side**2 * _TOKEN_BYTES, pixels * _PIXEL_BYTES)


def decoded(vae: Any, latents: "torch.Tensor") -> "Iterator[np.ndarray]":
    """The frames behind latents (1, channels, frames, height, width), as ``vae.decode`` makes them.

    That lays all of a clip beside itself several times over; here no more is in memory than what one latent becomes.
    """
    import torch
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    config = vae.config
    latents = latents.to(vae.device, vae.dtype)
    mean, spread = (
        torch.tensor(values).view(1, -1, 1, 1, 1).to(latents) for values in (config.latents_mean, config.latents_std)
    )
    vae.clear_cache()
    try:
        with torch.no_grad():
            every = vae.post_quant_conv(latents / (1.0 / spread) + mean)
            for number in range(every.shape[2]):
                vae._conv_idx = [0]
                made = vae.decoder(
                    every[:, :, number : number + 1],
                    feat_cache=vae._feat_map,
                    feat_idx=vae._conv_idx,
                    first_chunk=number == 0,
                )
                made = made if config.patch_size is None else unpatchify(made, patch_size=config.patch_size)
                frames = (made[0].clamp(-1, 1) / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0).float().cpu().numpy()
                yield from frames
    finally:
        vae.clear_cache()


def _tokens(entry: Entry) -> int:
    """How many tokens a model reads."""
    return int(entry.options.get("text_tokens", _TOKENS))
