"""Stable Video Diffusion: moves a picture, without a prompt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily, fps

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

_TOGETHER = 4
"""The frames that are decoded together; the decoder smooths over them."""


class StableVideoDiffusion(VideoFamily):
    """It sees the picture instead of a prompt. Guidance rises from 1 at the first frame to the request's at the last
    one."""

    name = "stable-video-diffusion"
    text_tokens = 0
    pipelines: ClassVar = {"animate_image": "StableVideoDiffusionPipeline"}
    encoders = ("image_encoder", "feature_extractor")
    denoisers = ("unet", "vae")
    encodes_images = True
    multiple = 64
    temporal = 1
    token_bytes = 1_600_000  # counted from its shapes; with and without the picture are one batch
    decoding_frames = _TOGETHER
    decoding_bytes_per_pixel = 2500  # counted from its shapes

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        device = pipeline.image_encoder.device
        return {"image_embeds": pipeline._encode_image(inputs.conditioning.first, device, 1, inputs.guidance > 1)}

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs) | {"fps": round(fps(inputs.entry))}
        kwargs["max_guidance_scale"] = kwargs.pop("guidance_scale")
        return kwargs

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        pipeline._encode_image = lambda *_: prompt_embeds["image_embeds"]  # the encoder is no longer in memory
        precision = pipeline.vae.dtype
        try:
            frames: torch.Tensor = pipeline(
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="latent",
                **call,
            ).frames
        finally:
            pipeline.vae.to(dtype=precision)  # the pipeline encodes in float32; after an error it would stay so
        return [Latents(frames)]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        import torch

        with torch.no_grad():
            for part in torch.split(latents[0], _TOGETHER):
                ready = 1 / vae.config.scaling_factor * part.to(vae.device, vae.dtype)
                for frame in vae.decode(ready, num_frames=len(part)).sample:
                    yield (frame / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        return 0  # its decoder has no tiles

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        return latents[0, latents.shape[1] // 2]

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return inputs.prompt  # it reads none
