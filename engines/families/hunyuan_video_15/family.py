"""HunyuanVideo 1.5: clips from prompts and, with another model, from a first frame."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.callbacks import reported_steps
from engines.diffusion.conditioning import Latents
from engines.diffusion.deferred_decode import deferred_decode
from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb
from engines.diffusion.video_family import VideoFamily

if TYPE_CHECKING:
    import torch

_HERE = "engines.families.hunyuan_video_15.pipelines"


class HunyuanVideo15(VideoFamily):
    """Its pipelines take guidance from a guider instead of an argument, and have no callback. Its second text encoder
    reads only the texts in quotes, which are to appear in the clip."""

    name = "hunyuan-video-1.5"
    text_tokens = 1000  # after the instructions that its pipelines put before the prompt
    pipelines: ClassVar = {
        "create_clip": f"{_HERE}:StagedHunyuanVideo15Pipeline",
        "animate_image": f"{_HERE}:StagedHunyuanVideo15ImageToVideoPipeline",
    }
    encoders = ("tokenizer", "text_encoder", "tokenizer_2", "text_encoder_2", "image_encoder", "feature_extractor")
    encodes_images = True
    token_bytes = 110_000  # counted from its shapes
    decoding_bytes_per_pixel = 2000  # eight copies of the widest layer, at the full size of the frames
    tile_pixels = 256 * 256

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        embeds = _encoded(pipeline, inputs.prompt, "")
        if inputs.guidance > 1:
            embeds |= _encoded(pipeline, inputs.negative_prompt, "negative_")
        first = inputs.conditioning.first
        if first is None:
            return embeds
        encoder = pipeline.image_encoder
        picture = pipeline.encode_image(image=first, batch_size=1, device=encoder.device, dtype=encoder.dtype)
        return embeds | {"image_embeds": picture}

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs)
        left_out = ("guidance_scale", "width", "height") if "image" in kwargs else ("guidance_scale",)
        return {name: value for name, value in kwargs.items() if name not in left_out}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        from diffusers import ClassifierFreeGuidance

        (generator,) = generators
        after = call.pop("callback_on_step_end")
        embeds = dict(prompt_embeds)
        pipeline.guider = ClassifierFreeGuidance(guidance_scale=inputs.guidance)
        if "image_embeds" in embeds:
            picture = embeds.pop("image_embeds")  # the encoder of pictures is no longer in memory
            pipeline.encode_image = lambda **_: picture
            pipeline.video_processor.calculate_default_height_width = lambda **_: (inputs.height, inputs.width)
        with deferred_decode(pipeline.vae) as latents, reported_steps(pipeline, after):
            pipeline(
                **embeds,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="np",
                **call,
            )
        return [Latents(one) for one in latents]

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        vae = pipeline.vae
        return fit_latent_rgb(vae, vae.spatial_compression_ratio, lambda latents: latents * vae.config.scaling_factor)


def _encoded(pipeline: Any, prompt: str, prefix: str) -> PromptEmbeds:
    """Return the embeds and masks of both text encoders as arguments of the call, whose names start with ``prefix``."""
    names = ("prompt_embeds", "prompt_embeds_mask", "prompt_embeds_2", "prompt_embeds_mask_2")
    device = pipeline.text_encoder.device
    return {f"{prefix}{name}": one for name, one in zip(names, pipeline.encode_prompt(prompt, device), strict=True)}
