"""AnimateDiff: short clips from prompts, with Stable Diffusion 1.5 or SDXL, their styles and their LoRAs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily
from engines.families.sdxl.family import StableDiffusionXL
from engines.families.stable_diffusion.family import StableDiffusion

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

_HERE = "engines.families.animatediff.pipelines"


class AnimateDiff(VideoFamily):
    """An image model, and a motion adapter whose layers are added to its UNet."""

    name = "animatediff"
    text_tokens = 77
    pipelines: ClassVar = {"create_clip": f"{_HERE}:SharedAnimateDiffPipeline"}
    image_family: ClassVar[StableDiffusion] = StableDiffusion()
    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder")
    denoisers = ("unet", "motion_adapter", "vae")
    multiple = 8
    temporal = 1
    token_bytes = 48_000  # counted from its shapes; prompt and negative prompt are one batch
    decoding_frames = 1
    decoding_bytes_per_pixel = StableDiffusion.working_bytes_per_pixel

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return self.image_family.encode(pipeline, inputs, inputs.guidance > 1)

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return self.image_family.truncated_prompt(pipeline, inputs)

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
        import torch

        with torch.no_grad():
            for latent in latents.unbind(2):
                ready = 1 / vae.config.scaling_factor * latent.to(vae.device, vae.dtype)
                frame = vae.decode(ready).sample[0]
                yield (frame / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        return 0  # a frame at a time is little


class AnimateDiffXL(AnimateDiff):
    """The same with SDXL."""

    name = "animatediff-xl"
    pipelines: ClassVar = {"create_clip": f"{_HERE}:SharedAnimateDiffSDXLPipeline"}
    image_family = StableDiffusionXL()
    encoders = ("tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2")
