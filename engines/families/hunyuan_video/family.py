"""HunyuanVideo: clips from prompts and, with another model, from a first frame."""

from typing import Any, ClassVar

from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb
from engines.diffusion.video_family import VideoFamily


class HunyuanVideo(VideoFamily):
    """It takes its guidance as an input (guidance distillation), so it ignores negative prompts."""

    name = "hunyuan-video"
    text_tokens = 256  # after the instructions that its pipeline puts before the prompt
    pipelines: ClassVar = {"create_clip": "HunyuanVideoPipeline"}
    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2")
    token_bytes = 160_000  # counted from its shapes
    decoding_frames = 16  # its autoencoder decodes a long clip in parts of its own accord
    decoding_bytes_per_pixel = 2000  # eight copies of the widest layer, at the full size of the frames
    tile_pixels = 256 * 256

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        embeds, pooled_embeds, mask = pipeline.encode_prompt(
            inputs.prompt, max_sequence_length=self.text_length(inputs.entry)
        )
        return {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled_embeds, "prompt_attention_mask": mask}

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        vae = pipeline.vae
        return fit_latent_rgb(vae, vae.spatial_compression_ratio, lambda latents: latents * vae.config.scaling_factor)


class HunyuanVideoI2V(HunyuanVideo):
    """Its text encoder also sees the first frame; the entry's option ``image_embed_interleave`` says every how many of
    the picture's tokens the denoiser reads."""

    name = "hunyuan-video-i2v"
    pipelines: ClassVar = {"animate_image": "HunyuanVideoImageToVideoPipeline"}
    encoders = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2", "image_processor")
    encodes_images = True

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        embeds, pooled_embeds, mask = pipeline.encode_prompt(
            inputs.conditioning.first,
            inputs.prompt,
            max_sequence_length=self.text_length(inputs.entry),
            image_embed_interleave=int(inputs.entry.options["image_embed_interleave"]),
        )
        return {"prompt_embeds": embeds, "pooled_prompt_embeds": pooled_embeds, "prompt_attention_mask": mask}
