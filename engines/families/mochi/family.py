"""Mochi 1: clips from prompts."""

from typing import Any, ClassVar

from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb, standardized
from engines.diffusion.masked_prompt import encode_masked_prompt
from engines.diffusion.video_family import VideoFamily


class Mochi(VideoFamily):
    name = "mochi"
    text_tokens = 256
    pipelines: ClassVar = {"create_clip": "MochiPipeline"}
    temporal = 6
    token_bytes = 280_000  # counted from its shapes; prompt and negative prompt are one batch
    decoding_bytes_per_pixel = 500  # counted from its shapes: the decoder keeps the whole clip at full size
    tile_pixels = 256 * 256

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return encode_masked_prompt(pipeline, inputs, self.text_length(inputs.entry))

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        vae = pipeline.vae
        return fit_latent_rgb(
            vae,
            pipeline.vae_spatial_scale_factor,
            lambda latents: standardized(latents, vae.config) * vae.config.scaling_factor,
        )
