"""Generate clips: from a request to finished files, for every model family."""

from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.diffusion import crop, lora, planning, prompt_embeds, registry
from engines.diffusion.conditioning import Conditioning, Output
from engines.diffusion.generate import SeededInputs, generate
from engines.diffusion.runner import StageRunner
from engines.diffusion.stages import Workload
from engines.diffusion.video_family import VideoFamily, VideoInputs, fps
from engines.enhance.frame_interpolation import clock
from engines.families.storybook.prompts import enlarger, simplify_prompt
from engines.host.context import Context
from engines.image.inputs import open_image
from engines.media.clip import ClipFormat, ClipWriter, Color, Frame
from engines.provenance import model
from engines.requests import AnimateImage, CreateClip, Request
from engines.requests.frame_rate import exact_rate
from engines.requests.prompt import one_of
from engines.requests.video import VideoRequest
from engines.video import first_frame, first_frame_crop

if TYPE_CHECKING:
    from PIL.Image import Image

_BT709 = Color(1, 1, 1)
"""BT.709 in FFmpeg's numbers: matrix, primaries and transfer."""


@dataclass(frozen=True)
class _Shots:
    """The inputs of each clip, the words that the model does not know, the image model of the first frames, and the
    visible box of the given picture if it is cropped."""

    inputs: tuple[VideoInputs, ...]
    unknown: str
    image_model: Entry | None = None
    shown: tuple[int, int, int, int] | None = None


def generate_clip(request: Request, context: Context) -> None:
    """Generate the clips of a request from its prompt and first frame, and add them to the results."""
    assert isinstance(request, VideoRequest)
    family = registry.of(context.entry)
    assert isinstance(family, VideoFamily)
    shots = _shots(request, context, family)
    inputs = shots.inputs[0]
    runner = StageRunner(context, family, inputs, _workload(inputs, request, context))
    loras = lora.merge_weights(request.all_loras)
    encoded = prompt_embeds.encode_prompt(runner, lora.text_encoder_loras(context, loras))
    truncated = shots.unknown or encoded.truncated
    takes = [SeededInputs(one, (request.seed or 0) + number) for number, one in enumerate(shots.inputs)]
    with closing(generate(runner, encoded.prompt_embeds, takes, loras)) as outputs:
        for number, output in enumerate(outputs):
            _hand_over(request, context, shots, output, number, truncated)


def _workload(inputs: VideoInputs, request: VideoRequest, context: Context) -> Workload:
    """Return the workload of one clip, now that its size is known."""
    facts = {id: one.facts for id, one in context.inputs.items()}
    known = planning.workload(request, context.entry, context.catalog, facts, inputs.auxiliary_models)
    return replace(known, width=inputs.width, height=inputs.height, frames=inputs.frames, pictures=inputs.pictures)


def _shots(request: VideoRequest, context: Context, family: VideoFamily) -> _Shots:
    """Resolve prompt and size, and open or generate the first frames."""
    entry = context.entry
    simplified, unknown = simplify_prompt(request, entry)
    image_model = first_frame.image_model(request, entry, context.catalog)
    context.import_heavy("diffusers", "transformers")
    inputs = VideoInputs(
        task="animate_image" if image_model else request.task,
        entry=entry,
        prompt=simplified.resolved_prompt,
        negative_prompt=simplified.negative_prompt,
        width=0,
        height=0,
        steps=simplified.steps,
        guidance=simplified.guidance,
        frames=family.frames(entry, request.seconds),
        conditioning=Conditioning(),
    )
    if isinstance(simplified, CreateClip):
        inputs = replace(inputs, width=simplified.width, height=simplified.height)
        if image_model is None:
            return _Shots((inputs,) * request.count, unknown)
        assert isinstance(request, CreateClip)
        shots_inputs = (
            _beginning(inputs, picture) for picture in first_frame.generate_first_frames(request, image_model, context)
        )
        return _Shots(tuple(shots_inputs), unknown, image_model)
    assert isinstance(request, AnimateImage)
    picture = open_image(context, request.image)
    width, height = first_frame_crop.legal_size(
        picture.size, entry, int(entry.options.get("multiple", family.multiple))
    )
    place = first_frame_crop.cover_crop(picture, width, height)
    inputs = _beginning(replace(inputs, width=width, height=height), picture)
    if request.last_image:
        inputs = _ending(inputs, open_image(context, request.last_image), context)
    return _Shots((inputs,) * request.count, unknown, shown=None if place.box == (0, 0, *picture.size) else place.box)


def _beginning(inputs: VideoInputs, picture: "Image") -> VideoInputs:
    """Return the inputs with a picture as the first frame."""
    place = first_frame_crop.cover_crop(picture, inputs.width, inputs.height)
    return replace(inputs, conditioning=replace(inputs.conditioning, first=crop.crop_image(picture, place)))


def _ending(inputs: VideoInputs, picture: "Image", context: Context) -> VideoInputs:
    """Return the inputs with a picture as the last frame, which fills the frame like the first one."""
    place = first_frame_crop.cover_crop(picture, inputs.width, inputs.height)
    if place.box != (0, 0, *picture.size):
        context.note("The last picture and the clip have different shapes, so only part of it is used.")
    return replace(inputs, conditioning=replace(inputs.conditioning, last=crop.crop_image(picture, place)))


def _hand_over(
    request: VideoRequest, context: Context, shots: _Shots, output: Output, number: int, left_out: str
) -> None:
    """Save a clip with its own provenance, as if it had been requested alone."""
    alone = request.model_copy(update=one_of(request, number))
    loras = lora.record(context, lora.merge_weights(request.all_loras))
    helpers = [model(shots.image_model)] if shots.image_model else []
    shown = {"picture_seen": shots.shown} if shots.shown else {}
    if left_out:
        context.note(prompt_embeds.truncation_note(left_out))
    if shots.shown:
        context.note("The picture and the clip have different shapes, so only part of the picture is used.")
    record = context.provenance(alone, words_left_out=left_out, loras=loras, helpers=helpers, **shown)
    with TemporaryDirectory(dir=context.checkpoint_dir) as folder:
        writer = ClipWriter(Path(folder), _format(shots.inputs[number]))
        try:
            with enlarger(context) as enlarge:
                for frame in output.frames:
                    _write(enlarge(_picture(frame)), writer, context)
            context.add(writer.finish(context.new_file(".mp4"), output.audio, record))
        finally:
            writer.abandon()


def _write(picture: "Image", writer: ClipWriter, context: Context) -> None:
    """Write a frame and preview it. Raises JobCancelled."""
    context.check()
    beat = 1 / exact_rate(fps(context.entry))
    writer.write(Frame(np.asarray(picture), writer.done * beat, beat))
    context.preview(lambda: picture)


def _format(inputs: VideoInputs) -> ClipFormat:
    rate, scale = exact_rate(fps(inputs.entry)), int(inputs.entry.options.get("enlarge_by", 1))
    return ClipFormat(inputs.width * scale, inputs.height * scale, clock(rate), rate, _BT709, Fraction(1))


def _picture(frame: np.ndarray) -> "Image":
    """Convert a frame (height, width, 3), 0 to 1, to an 8-bit picture."""
    from PIL import Image

    return Image.fromarray((frame * 255).round().clip(0, 255).astype(np.uint8))
