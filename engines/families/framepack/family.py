"""FramePack: long clips from a first frame, and to a last one, denoised and decoded in sections of 1.2 seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoInputs
from engines.families.hunyuan_video.family import HunyuanVideo

if TYPE_CHECKING:
    import numpy as np
    import torch

    from engines.diffusion.conditioning import Frames

_WINDOW = 9
"""The latent frames of a section."""
_SECTION = 4 * _WINDOW
"""The frames that a section adds."""
_OVERLAP = _SECTION - 3
"""The frames that two decoded parts share, and that are blended."""
_CONTEXT = 3
"""What a section sees of the others and of the first frame, compressed, counts like this many latent frames."""


class FramePack(HunyuanVideo):
    """It makes the last section first and works back to the first frame, which keeps it from drifting. A section sees
    the first frame and the sections after it, compressed, so memory does not depend on the clip's length."""

    name = "framepack"
    pipelines: ClassVar = {"animate_image": "HunyuanVideoFramepackPipeline"}
    encoders = (*HunyuanVideo.encoders, "image_encoder", "feature_extractor")
    encodes_images = True
    temporal = _SECTION

    def frames(self, entry: Entry, seconds: float) -> int:
        return max(1 + _SECTION, super().frames(entry, seconds))

    def encode_prompt(self, pipeline: Any, inputs: GenerationInputs) -> PromptEmbeds:
        picture = pipeline.video_processor.preprocess(inputs.conditioning.first, inputs.height, inputs.width)
        return super().encode_prompt(pipeline, inputs) | {
            "image_embeds": pipeline.encode_image(picture, device=pipeline.image_encoder.device)
        }

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        # The pipeline rounds the number up to whole sections, of which it counts only the frames that are not blended.
        kwargs = super().call_kwargs(inputs) | {"num_frames": _sections(inputs) * _OVERLAP}
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
        after, done, steps = call.pop("callback_on_step_end"), count(), inputs.steps * _sections(inputs)
        embeds = dict(prompt_embeds)
        picture = embeds.pop("image_embeds")  # the encoder of pictures is no longer in memory
        pipeline.encode_image = lambda *_, **__: picture
        sections = pipeline(
            **embeds,
            **self.call_kwargs(inputs),
            num_inference_steps=inputs.steps,
            generator=generator,
            output_type="latent",
            callback_on_step_end=lambda pipe, _, timestep, values: after(pipe, next(done), timestep, values, steps),
            **call,
        ).frames
        return [Latents(sections[-1])]  # each has all sections after it

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        for frames in _blended(vae, latents, _sections(inputs)):
            for frame in frames.unbind(2):
                yield _pixels(frame)

    def working_bytes(self, workload: Workload) -> int:
        tokens = (_WINDOW + _CONTEXT) * (workload.width // self.multiple) * (workload.height // self.multiple)
        return tokens * int(workload.entry.options.get("token_bytes", self.token_bytes))

    def decoding_bytes(self, workload: Workload) -> int:
        return super().decoding_bytes(replace(workload, frames=min(workload.frames, 2 * _SECTION + 1)))


def _sections(inputs: GenerationInputs) -> int:
    """Return the number of sections of a clip."""
    assert isinstance(inputs, VideoInputs)
    return (inputs.frames - 1) // _SECTION


def _blended(vae: Any, latents: "torch.Tensor", sections: int) -> "Iterator[torch.Tensor]":
    """Decode each section together with the next one, and yield the frames (1, 3, frames, height, width) in order.

    Where two decoded parts overlap, one fades into the other, as in the pipeline.
    """
    import torch

    tail: torch.Tensor | None = None
    with torch.no_grad():
        for number in range(sections):
            start = 1 + number * _WINDOW if number else 0
            part = latents[:, :, start : 1 + (number + 2) * _WINDOW].to(vae.device, vae.dtype)
            frames = vae.decode(part / vae.config.scaling_factor, return_dict=False)[0]
            if tail is not None:
                fade = torch.linspace(1, 0, _OVERLAP, dtype=tail.dtype, device=tail.device).view(1, 1, -1, 1, 1)
                yield fade * tail + (1 - fade) * frames[:, :, :_OVERLAP]
                frames = frames[:, :, _OVERLAP:]
            if number == sections - 1:
                yield frames
            else:
                tail = frames[:, :, -_OVERLAP:]
                yield frames[:, :, :-_OVERLAP]


def _pixels(frame: "torch.Tensor") -> "np.ndarray":
    """Convert a decoded frame (1, 3, height, width) to (height, width, 3), 0 to 1."""
    pixels: np.ndarray = (frame[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    return pixels
