"""Wan VACE: one model that fills and extends clips, and makes new ones from reference pictures or between two frames.

It is given every frame of the result, gray where it is not known, and a mask, white where it is to be generated.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.diffusion.clip_frames import GRAY
from engines.diffusion.conditioning import Latents
from engines.diffusion.family import GenerationInputs, PromptEmbeds
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoInputs
from engines.families.wan.family import Wan

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

_TASKS = ("create_clip", "animate_image", "fill_clip", "extend_clip")
_WHITE_FROM = 128
"""Mask values from here on are white."""


class WanVACE(Wan):
    name = "wan-vace"
    pipelines: ClassVar = dict.fromkeys(_TASKS, "WanVACEPipeline")
    reference_tasks = ("create_clip", "fill_clip")
    numbers_references = False
    source_bytes_per_pixel = 48  # the frames, their masks, and the two halves that the masks divide the frames into

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        assert isinstance(inputs, VideoInputs)
        size = {"width": inputs.width, "height": inputs.height, "num_frames": inputs.frames}
        kwargs: dict[str, Any] = {**size, "guidance_scale": inputs.guidance}
        if frames := self._known(inputs):
            kwargs |= {"video": [frame for frame, _ in frames], "mask": [mask for _, mask in frames]}
        references = inputs.conditioning.references
        return kwargs | ({"reference_images": list(references)} if references else {})

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        made = super().denoise(pipeline, inputs, prompt_embeds, generators, **call)
        # Each reference picture has a latent frame before the first.
        return [Latents(one.frames[:, :, len(inputs.conditioning.references) :]) for one in made]

    def encodes_clip(self, inputs: GenerationInputs) -> bool:
        return True

    def working_bytes(self, workload: Workload) -> int:
        frames = workload.frames + workload.pictures * self.step(workload.entry)
        return super().working_bytes(replace(workload, frames=frames, source_frames=workload.frames))

    def _known(self, inputs: VideoInputs) -> "list[tuple[Image, Image]]":
        """Return each frame with its mask; nothing if all frames are to be generated."""
        from PIL import Image

        given, size = inputs.conditioning, (inputs.width, inputs.height)
        gray = Image.new("RGB", size, GRAY)
        if given.video is not None:
            masks = map(_binary, self._masks(inputs))
            frames = zip(self.source_frames(inputs), masks, strict=True)
            return [(Image.composite(gray, frame, mask), mask) for frame, mask in frames]
        if given.first is None:
            return []
        shown, hidden = Image.new("L", size, 0), Image.new("L", size, 255)
        known = [(given.first, shown)] + [(gray, hidden)] * (inputs.frames - 1)
        if given.last is not None:
            known[-1] = (given.last, shown)
        return known

    def _masks(self, inputs: VideoInputs) -> "list[Image]":
        mask = inputs.conditioning.mask
        assert mask is not None
        if isinstance(mask, Path):
            return [frame.convert("L") for frame in self.frames_of(mask, inputs)]
        return [mask] * inputs.frames


def _binary(mask: "Image") -> "Image":
    """Return a mask with only black and white."""
    return mask.point(lambda value: 255 if value >= _WHITE_FROM else 0)
