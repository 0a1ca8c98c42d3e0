"""Helios: long clips from prompts and from a first frame, in chunks that follow each other without overlap."""

from collections.abc import Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.conditioning import Latents
from engines.diffusion.deferred_decode import deferred_decode
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoInputs, fps
from engines.families.wan.family import Wan
from engines.families.wan.vae_decode import decode_frames

if TYPE_CHECKING:
    import torch

    from engines.diffusion.conditioning import Frames

_LATENTS, _FRAMES = 9, 33
"""The latent frames and the frames of a chunk; each chunk is decoded on its own."""
_CONTEXT = 3
"""What a chunk sees of the earlier ones, compressed, is as many tokens as this many latent frames."""


class Helios(Wan):
    """A Wan that sees the first frame and the chunks before, compressed, so memory does not depend on the clip's
    length."""

    name = "helios"
    pipelines: ClassVar = {"create_clip": "HeliosPipeline", "animate_image": "HeliosPipeline"}
    denoisers = ("transformer", "vae")
    experts = ()

    def frames(self, entry: Entry, seconds: float) -> int:
        chunks = max(1, round(seconds * fps(entry) / _FRAMES))
        return (chunks * _FRAMES - 1) // self.temporal * self.temporal + 1  # the last ones are cut off

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        return super().call_kwargs(inputs) | {"num_frames": _chunks(inputs) * _FRAMES}

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        after, done, steps = call.pop("callback_on_step_end"), count(), inputs.steps * _chunks(inputs)
        with deferred_decode(pipeline.vae):  # it decodes each chunk at once, whatever the output
            frames: torch.Tensor = pipeline(
                **prompt_embeds,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="latent",
                callback_on_step_end=lambda pipe, _, timestep, values: after(pipe, next(done), timestep, values, steps),
                **call,
            ).frames
        return [Latents(frames[:, :, -_chunks(inputs) * _LATENTS :])]  # a given picture comes before

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        import torch

        assert isinstance(inputs, VideoInputs)
        chunks = (decode_frames(vae, chunk, scratch) for chunk in torch.split(latents, _LATENTS, dim=2))
        return islice(chain.from_iterable(chunks), inputs.frames)

    def working_bytes(self, workload: Workload) -> int:
        side = self.side(workload.entry)
        tokens = (_LATENTS + _CONTEXT) * (workload.width // side) * (workload.height // side)
        return tokens * int(workload.entry.options.get("token_bytes", self.token_bytes))


def _chunks(inputs: GenerationInputs) -> int:
    """Return the number of chunks of a clip."""
    assert isinstance(inputs, VideoInputs)
    return -(-inputs.frames // _FRAMES)
