"""The interface of a video model family."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.diffusion.clip_frames import Canvas, read_frames
from engines.diffusion.conditioning import Latents
from engines.diffusion.deferred_decode import decode_clip, deferred_decode
from engines.diffusion.family import Family, GenerationInputs, PromptEmbeds
from engines.diffusion.flow_matching import truncated_text
from engines.diffusion.stages import Workload
from engines.requests.frame_rate import exact_rate

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from engines.diffusion.conditioning import Frames

_USUAL_FPS = 24.0
_ENCODING_SHARE = 1 / 3
"""The memory of encoding a clip, as a share of that of decoding it: counted from the layers of Wan's autoencoder."""


@dataclass(frozen=True)
class VideoInputs(GenerationInputs):
    """A video request as a family receives it; ``frames`` is a number of frames that is legal for the model,
    ``canvas`` how it sees the clip to change."""

    frames: int = 1
    canvas: Canvas | None = None


class VideoFamily(Family):
    """Calls the pipelines of one family of video models.

    An entry's option ``call`` has further arguments of the pipeline's call, always the same.
    """

    encodes_images = False
    temporal: ClassVar[int] = 4
    """The number of frames per latent frame; the first frame has a latent frame of its own."""
    token_bytes: ClassVar[int] = 240_000
    """The memory of a step per token of a clip, in half precision, unless the entry sets another. A token covers
    ``multiple`` × ``multiple`` px of ``temporal`` frames."""
    decoding_frames: ClassVar[int] = 0
    """The number of frames that the autoencoder decodes together; 0 for the whole clip."""
    decoding_bytes_per_pixel: ClassVar[int]
    """The memory of decoding for each pixel of these frames, in half precision."""
    source_bytes_per_pixel: ClassVar[int] = 12
    """The memory of a clip to change, for each pixel of each frame: the pipelines keep it in float32."""
    tile_pixels = 512 * 512

    def frames(self, entry: Entry, seconds: float) -> int:
        """Return the legal number of frames closest to a duration at the model's frame rate."""
        step = self.step(entry)
        return 1 + step * max(0, round((seconds * fps(entry) - 1) / step))

    def legal_frames(self, entry: Entry, count: int) -> int:
        """Return the smallest legal number of frames that is at least ``count``."""
        step = self.step(entry)
        return 1 + step * -(-max(0, count - 1) // step)

    def step(self, entry: Entry) -> int:
        """Return the step between legal numbers of frames: ``temporal``, or the entry's own."""
        return int(entry.options.get("temporal", self.temporal))

    def side(self, entry: Entry) -> int:
        """Return the side of a token's area in a frame, in px: ``multiple``, or the entry's own."""
        return int(entry.options.get("multiple", self.multiple))

    def text_length(self, entry: Entry) -> int:
        """Return the maximum prompt length in tokens."""
        return int(entry.options.get("text_tokens", self.text_tokens))

    def call_kwargs(self, inputs: GenerationInputs) -> dict[str, Any]:
        assert isinstance(inputs, VideoInputs)
        kwargs = {
            "width": inputs.width,
            "height": inputs.height,
            "num_frames": inputs.frames,
            "guidance_scale": inputs.guidance,
            **inputs.entry.options.get("call", {}),
        }
        first, video = inputs.conditioning.first, inputs.conditioning.video
        kwargs |= {"image": first} if first is not None else {}
        return kwargs | ({"video": self.source_frames(inputs)} if video is not None else {})

    def source_frames(self, inputs: VideoInputs) -> "list[Image]":
        """Return the frames of the clip to change, as the model sees them."""
        assert inputs.conditioning.video is not None
        return self.frames_of(inputs.conditioning.video, inputs)

    def frames_of(self, path: Path, inputs: VideoInputs) -> "list[Image]":
        """Return the frames of another clip that belong to these, seen the same way."""
        assert inputs.canvas is not None
        return read_frames(path, exact_rate(fps(inputs.entry)), inputs.frames, inputs.canvas)

    def denoise(
        self,
        pipeline: Any,
        inputs: GenerationInputs,
        prompt_embeds: PromptEmbeds,
        generators: "Sequence[torch.Generator]",
        **call: Any,
    ) -> list[Latents]:
        (generator,) = generators
        with deferred_decode(pipeline.vae) as latents:
            pipeline(
                **prompt_embeds,
                **self.call_kwargs(inputs),
                num_inference_steps=inputs.steps,
                generator=generator,
                output_type="np",
                **call,
            )
        return [Latents(one) for one in latents]

    def decode(
        self, vae: Any, pipeline: Any, latents: "torch.Tensor", inputs: GenerationInputs, scratch: Path
    ) -> "Frames":
        return decode_clip(vae, latents)

    def preview_latents(self, latents: "torch.Tensor", inputs: GenerationInputs) -> "torch.Tensor":
        """Return the latents of the middle frame, which shows more of the action than the first."""
        return latents[0, :, latents.shape[2] // 2]

    def truncated_prompt(self, pipeline: Any, inputs: GenerationInputs) -> str:
        room = self.text_length(inputs.entry) - 1  # the last one is the end token
        return truncated_text(pipeline.tokenizer, inputs.prompt, room)

    def working_bytes(self, workload: Workload) -> int:
        entry, side = workload.entry, self.side(workload.entry)
        latents = 1 + (workload.frames - 1) // self.step(entry)
        tokens = latents * (workload.width // side) * (workload.height // side)
        denoising = tokens * int(entry.options.get("token_bytes", self.token_bytes))
        if not workload.source_frames:
            return denoising
        encoding = round(self.decoding_bytes(workload) * _ENCODING_SHARE)
        return max(denoising, encoding) + workload.source_frames * workload.pixels * self.source_bytes_per_pixel

    def decoding_bytes(self, workload: Workload) -> int:
        together = min(workload.frames, self.decoding_frames or workload.frames)
        decoded = workload.frames * workload.pixels * 3 * 2  # the finished frames
        return together * workload.pixels * self.decoding_bytes_per_pixel + decoded


def fps(entry: Entry) -> float:
    """Return the frame rate that a model was trained at."""
    return float(entry.options.get("fps", _USUAL_FPS))
