"""Wan: clips from prompts, and from a first frame with 2.2 TI2V, one model for both."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.flow_matching import truncated_text
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily, VideoInputs
from engines.families.wan.latent_rgb import fit_latent_rgb
from engines.families.wan.refine import TOKENS, encode_prompt
from engines.families.wan.vae_decode import BYTES_PER_PIXEL, decode_frames, tile_pixels

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

_TOKEN_BYTES = 240_000
"""The memory of a step per token of a clip, in half precision, unless the entry sets another."""


class Wan(VideoFamily):
    name = "wan"
    text_tokens = TOKENS
    pipelines: ClassVar = {"create_clip": "WanPipeline", "animate_image": "WanImageToVideoPipeline"}
    denoisers = ("transformer", "transformer_2", "vae")
    experts = ("transformer", "transformer_2")
    encodes_images = False
    vae_dtype = "float32"  # in half precision, frames flicker and show banding; the pipelines cast for it

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return encode_prompt(pipeline, inputs, _tokens(inputs.entry))

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        assert isinstance(inputs, VideoInputs)
        # If every frame has a latent of its own, the pipelines add one frame to the given number.
        frames = inputs.frames - (self.step(inputs.entry) == 1)
        kwargs = {
            "width": inputs.width,
            "height": inputs.height,
            "num_frames": frames,
            "guidance_scale": inputs.guidance,
        }
        if "low_noise_guidance" in inputs.entry.options:
            kwargs["guidance_scale_2"] = inputs.guidance * float(inputs.entry.options["low_noise_guidance"])
        given = {"image": inputs.conditioning.first, "last_image": inputs.conditioning.last}
        return kwargs | {name: image for name, image in given.items() if image is not None}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        frames: torch.Tensor = pipeline(
            **prompt_embeds,
            **self.call_kwargs(inputs),
            num_inference_steps=inputs.steps,
            generator=generator,
            output_type="latent",
            **call,
        ).frames
        return [Latents(frames)]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        return decode_frames(vae, latents, scratch)

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        return 0  # large frames are always decoded in tiles, without a whole clip in memory

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        """Return the latents of the middle frame, which shows more of the action than the first."""
        return latents[0, :, latents.shape[2] // 2]

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        return super().latent_rgb(pipeline, inputs) or fit_latent_rgb(pipeline.vae)

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        room = _tokens(inputs.entry) - 1  # the last one is the end token
        return truncated_text(pipeline.tokenizer, inputs.prompt, room)

    def working_bytes(self, workload: Workload) -> int:
        entry, side = workload.entry, self._side(workload.entry)
        latents = 1 + (workload.frames - 1) // self.step(entry)
        tokens = latents * (workload.width // side) * (workload.height // side)
        return tokens * int(entry.options.get("token_bytes", _TOKEN_BYTES))

    def decoding_bytes(self, workload: Workload) -> int:
        scale = self._side(workload.entry) // 2
        return tile_pixels(workload.width, workload.height, scale) * BYTES_PER_PIXEL

    def _side(self, entry: Entry) -> int:
        """Return the side of a token's area in a frame, in px."""
        return int(entry.options.get("multiple", self.multiple))


def _tokens(entry: Entry) -> int:
    """Return the maximum prompt length in tokens."""
    return int(entry.options.get("text_tokens", TOKENS))
