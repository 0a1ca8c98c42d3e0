"""CogVideoX 1.5: clips from prompts, from other clips and, with another model, from a first frame."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.family import GenerationInputs, LatentRgb, PromptEmbeds
from engines.diffusion.latent_rgb import fit_latent_rgb
from engines.diffusion.video_family import VideoFamily

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames


class CogVideoX(VideoFamily):
    name = "cogvideox"
    text_tokens = 224
    pipelines: ClassVar = {
        "create_clip": "CogVideoXPipeline",
        "animate_image": "CogVideoXImageToVideoPipeline",
        "restyle_clip": "CogVideoXVideoToVideoPipeline",
    }
    temporal = 8  # a token covers two latent frames; the pipelines add one before the first, and remove it at the end
    token_bytes = 280_000  # counted from its shapes; prompt and negative prompt are one batch
    decoding_frames = 8
    decoding_bytes_per_pixel = 2500  # ten copies of the widest layer, at the full size of the frames
    tile_pixels = 360 * 240

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        guided = inputs.guidance > 1
        embeds, negative_embeds = pipeline.encode_prompt(
            inputs.prompt,
            inputs.negative_prompt,
            do_classifier_free_guidance=guided,
            max_sequence_length=self.text_length(inputs.entry),
        )
        return {"prompt_embeds": embeds} | ({"negative_prompt_embeds": negative_embeds} if guided else {})

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = super().call_kwargs(inputs)
        if inputs.task != "restyle_clip":
            return kwargs
        # A token covers two latent frames, and a clip has an odd number. The other pipelines add one before the first
        # and remove it at the end; this one does not: the first frame is given five times, and ``decode`` removes one.
        first, *others = kwargs["video"]
        del kwargs["num_frames"]
        return kwargs | {"video": [first] * 5 + others, "strength": inputs.strength}

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        added = 1 if inputs.task == "restyle_clip" else 0
        return super().decode(vae, pipeline, latents[:, :, added:], inputs, scratch)

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        return super().preview_latents(latents.transpose(1, 2), inputs)

    def latent_rgb(self, pipeline: Any, inputs: GenerationInputs) -> LatentRgb:
        factor = pipeline.vae_scaling_factor_image
        return fit_latent_rgb(pipeline.vae, pipeline.vae_scale_factor_spatial, lambda latents: latents * factor)
