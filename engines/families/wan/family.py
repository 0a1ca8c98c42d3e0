"""Wan: clips from prompts, from a first frame (with 2.2 TI2V one model does both), and from other clips."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb, standardized
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily, VideoInputs
from engines.families.wan import vae_decode
from engines.families.wan.refine import TOKENS, encode_prompt
from engines.families.wan.vae_decode import BYTES_PER_PIXEL, decode_frames, tiled_encoding

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames


class Wan(VideoFamily):
    name = "wan"
    text_tokens = TOKENS
    pipelines: ClassVar = {
        "create_clip": "WanPipeline",
        "animate_image": "WanImageToVideoPipeline",
        "restyle_clip": "WanVideoToVideoPipeline",
        "edit_clip": "LucyEditPipeline",
    }
    denoisers: ClassVar[tuple[str, ...]] = ("transformer", "transformer_2", "vae")
    experts: ClassVar[tuple[str, ...]] = ("transformer", "transformer_2")
    vae_dtype = "float32"  # in half precision, frames flicker and show banding; the pipelines cast for it

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return encode_prompt(pipeline, inputs, self.text_length(inputs.entry))

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        assert isinstance(inputs, VideoInputs)
        if inputs.task == "restyle_clip":
            kwargs = super().call_kwargs(inputs) | {"strength": inputs.strength}
            del kwargs["num_frames"]  # as many as the clip has
            return kwargs
        # If every frame has a latent of its own, the pipelines add one frame to the given number.
        kwargs = super().call_kwargs(inputs) | {"num_frames": inputs.frames - (self.step(inputs.entry) == 1)}
        if "low_noise_guidance" in inputs.entry.options:
            kwargs["guidance_scale_2"] = inputs.guidance * float(inputs.entry.options["low_noise_guidance"])
        last = inputs.conditioning.last
        return kwargs | ({"last_image": last} if last is not None else {})

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        with tiled_encoding(pipeline.vae) if self.encodes_clip(inputs) else nullcontext():
            frames: torch.Tensor = pipeline(
                **prompt_embeds,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="latent",
                **call,
            ).frames
        return [Latents(frames)]

    def encodes_clip(self, inputs: GenerationInputs) -> bool:
        """Whether the pipeline encodes frames in addition to a first and a last one."""
        return inputs.conditioning.video is not None

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        return decode_frames(vae, latents, scratch)

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        return 0  # large frames are always decoded in tiles, without a whole clip in memory

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        vae = pipeline.vae
        return super().latent_rgb(pipeline, inputs) or fit_latent_rgb(
            vae, vae.config.scale_factor_spatial, lambda latents: standardized(latents, vae.config)
        )

    def decoding_bytes(self, workload: Workload) -> int:
        scale = self.side(workload.entry) // 2
        return vae_decode.tile_pixels(workload.width, workload.height, scale) * BYTES_PER_PIXEL
