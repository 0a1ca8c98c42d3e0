"""LTX-Video from 0.9.5 on: clips from prompts, from a first frame and from other clips, one pipeline for all."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.deferred_decode import decode_clip
from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb
from engines.diffusion.masked_prompt import encode_masked_prompt
from engines.diffusion.video_family import VideoFamily, VideoInputs, fps

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames


class LTXVideo(VideoFamily):
    """Its decoder does the last denoising step: the entry's option ``call`` has ``decode_timestep`` and
    ``decode_noise_scale``, the noise that the pipeline mixes into the finished latents for it."""

    name = "ltx-video"
    text_tokens = 256
    pipelines: ClassVar = dict.fromkeys(("create_clip", "animate_image", "restyle_clip"), "LTXConditionPipeline")
    multiple = 32
    temporal = 8
    decoding_bytes_per_pixel = 150  # the widest layer of its last block, counted from its shapes, not measured

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return encode_masked_prompt(pipeline, inputs, self.text_length(inputs.entry))

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs) | {"frame_rate": fps(inputs.entry)}
        kwargs.pop("video", None)  # given as noisy latents instead: as ``video``, it would be what must not change
        return kwargs

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        if inputs.task == "restyle_clip":
            assert isinstance(inputs, VideoInputs)
            share = _share_of_steps(inputs.strength, inputs.steps)
            call |= {"latents": self._encode(pipeline, inputs), "denoise_strength": share}
        return super().denoise(pipeline, inputs, prompt_embeds, generators, **call)

    def _encode(self, pipeline: Any, inputs: VideoInputs) -> "torch.Tensor":
        """Return the latents of the clip to change."""
        import torch

        vae, frames = pipeline.vae, self.source_frames(inputs)
        video = pipeline.video_processor.preprocess_video(frames, inputs.height, inputs.width)
        with torch.no_grad():
            encoded = vae.encode(video.to(vae.device, vae.dtype)).latent_dist.mode()
        latents: torch.Tensor = pipeline._normalize_latents(encoded, vae.latents_mean, vae.latents_std)
        return latents

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        import torch

        if not vae.config.timestep_conditioning:  # 0.9.0
            return decode_clip(vae, latents)
        timestep = inputs.entry.options["call"]["decode_timestep"]
        return decode_clip(vae, latents, torch.tensor([timestep], device=vae.device, dtype=vae.dtype))

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        side = self.side(inputs.entry)
        rows, columns = inputs.height // side, inputs.width // side
        unpacked = latents.reshape(1, -1, rows, columns, latents.shape[2]).permute(0, 4, 1, 2, 3)
        return super().preview_latents(unpacked, inputs)

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        vae = pipeline.vae
        return fit_latent_rgb(
            vae,
            vae.spatial_compression_ratio,
            lambda latents: pipeline._normalize_latents(latents, vae.latents_mean, vae.latents_std),
        )


def _share_of_steps(strength: float, steps: int) -> float:
    """Return the share of the steps to take so that ``strength`` is about the share of noise at the start: half of all
    steps have more than 97 % noise."""
    from diffusers.pipelines.ltx.pipeline_ltx_condition import linear_quadratic_schedule

    taken = max(1, int((linear_quadratic_schedule(steps) <= strength).sum()))
    return min(1.0, (taken + 0.5) / steps)  # the pipeline rounds the number of steps down
