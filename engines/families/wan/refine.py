"""Refine a picture with Wan 2.2's low-noise expert, as a single frame: photographic skin, fabric and light."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.conditioning import Latents
from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import truncated_text
from engines.diffusion.stages import Workload
from engines.families.wan.vae_decode import BYTES_PER_PIXEL, LARGEST_TILE, decode_frames, tiled_encoding

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

TOKENS = 512


def encode_prompt(pipeline: Any, inputs: GenerationInputs, tokens: int) -> PromptEmbeds:
    """Encode the prompt; ``tokens`` is the maximum length."""
    guided = inputs.guidance > 1
    embeds, negative_embeds = pipeline.encode_prompt(
        inputs.prompt,
        inputs.negative_prompt,
        do_classifier_free_guidance=guided,
        max_sequence_length=tokens,
    )
    return {"prompt_embeds": embeds} | ({"negative_prompt_embeds": negative_embeds} if guided else {})


class WanRefine(Family):
    """A video model that generates one frame. For a picture, the expert of a clip's last steps is enough."""

    name = "wan-refine"
    text_tokens = TOKENS
    pipelines: ClassVar = {"change_image": "WanVideoToVideoPipeline", "create_image": "WanPipeline"}
    encodes_images = False
    vae_dtype = "float32"  # in half precision, frames flicker and show banding; the pipelines cast for it

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        return encode_prompt(pipeline, inputs, TOKENS)

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        kwargs = {"guidance_scale": inputs.guidance, "width": inputs.width, "height": inputs.height}
        if inputs.task == "create_image":
            return kwargs | {"num_frames": 1}
        return kwargs | {"video": [inputs.conditioning.first], "strength": inputs.strength}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        count = len(generators)
        prompts = {name: one.repeat(count, 1, 1) for name, one in prompt_embeds.items()}  # one clip for each
        with tiled_encoding(pipeline.vae):
            latents = pipeline(
                **prompts,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=list(generators),
                output_type="latent",
                **call,
            ).frames
        return [Latents(one) for one in latents.split(1)]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        yield from decode_frames(vae, latents, scratch)

    def decoding_bytes(self, workload: Workload) -> int:
        return min(workload.pixels, LARGEST_TILE) * BYTES_PER_PIXEL

    def tiled_decoding_bytes(self, workload: Workload) -> int:
        return 0  # large frames are always decoded in tiles, without a whole clip in memory

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        return latents[0, :, 0]

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        return truncated_text(pipeline.tokenizer, inputs.prompt, TOKENS - 1)  # the last one is the end token
