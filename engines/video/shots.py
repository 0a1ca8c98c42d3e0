"""Prepare the clips of a request: resolve prompt and size, open or generate their first frames."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engines.catalog import Entry
from engines.diffusion import crop
from engines.diffusion.conditioning import Conditioning
from engines.diffusion.video_family import VideoFamily, VideoInputs
from engines.families.storybook.prompts import simplify_prompt
from engines.host.context import Context
from engines.image.inputs import open_image
from engines.requests import AnimateImage, ContinueClip, CreateClip
from engines.requests.change_clip import ChangeClip
from engines.requests.timed_prompt import TimedPrompt, timed_prompts
from engines.requests.video import VideoRequest
from engines.video import first_frame
from engines.video.clip_size import legal_size
from engines.video.continuation import Continuation
from engines.video.source_clip import SourceClip, open_clip
from engines.video.windows import Window, plan_windows

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Shots:
    """What the clips of a request are made from.

    ``inputs`` are those of the first window of each clip. ``unknown`` are words that the model does not know,
    ``image_model`` generates the first frames, ``shown`` is the visible box of the given picture if it is cropped,
    ``last`` is the last frame, ``continuation`` is the clip to continue, and ``source`` the clip to change.
    """

    inputs: tuple[VideoInputs, ...]
    windows: tuple[Window, ...]
    unknown: str
    image_model: Entry | None = None
    shown: tuple[int, int, int, int] | None = None
    last: "Image | None" = None
    continuation: Continuation | None = None
    source: SourceClip | None = None

    @property
    def at_once(self) -> bool:
        """Whether the model makes each clip at once."""
        if self.source is not None:
            return True
        return len(self.windows) == 1 and self.continuation is None and self.windows[0].frames == self.windows[0].kept


def prepare_shots(request: VideoRequest, context: Context, family: VideoFamily) -> Shots:
    """Resolve prompts and size, and open or generate the first frames."""
    entry = context.entry
    prompts, unknown = _prompts(request, entry)
    windows = plan_windows(family, entry, request.seconds, prompts)
    image_model = first_frame.image_model(request, entry, context.catalog)
    context.import_heavy("diffusers", "transformers")
    inputs = VideoInputs(
        task="animate_image" if image_model or isinstance(request, ContinueClip) else request.task,
        entry=entry,
        prompt=windows[0].prompt,
        negative_prompt=simplify_prompt(request, entry)[0].negative_prompt,
        width=0,
        height=0,
        steps=request.steps,
        guidance=request.guidance,
        frames=windows[0].frames,
        conditioning=Conditioning(references=tuple(open_image(context, id) for id in request.all_references)),
    )
    shots = Shots((inputs,) * request.count, windows, unknown, image_model)
    if isinstance(request, CreateClip):
        return _created(shots, request, context)
    if isinstance(request, ContinueClip):
        continuation = Continuation.of(context.input(request.clip), entry, family, request.join)
        return _begun(replace(shots, continuation=continuation), request, continuation.last_frame, context, family)
    if isinstance(request, ChangeClip):
        return _changed(shots, request, context, family)
    assert isinstance(request, AnimateImage)
    return _begun(shots, request, open_image(context, request.image), context, family)


def _prompts(request: VideoRequest, entry: Entry) -> tuple[tuple[TimedPrompt, ...], str]:
    """Return the prompts in the model's vocabulary, and the words it ignores."""
    simplified: list[TimedPrompt] = []
    unknown: list[str] = []
    for number, one in enumerate(timed_prompts(request.prompt)):
        alone, ignored = simplify_prompt(request.model_copy(update={"prompt": one.prompt}), entry, begun=number > 0)
        simplified.append(TimedPrompt(one.start, alone.resolved_prompt))
        unknown += ignored.split(", ") if ignored else ()
    return tuple(simplified), ", ".join(dict.fromkeys(unknown))


def _created(shots: Shots, request: CreateClip, context: Context) -> Shots:
    """Return shots whose size the request names; another model may generate their first frames."""
    scale = int(context.entry.options.get("enlarge_by", 1))
    sized = [replace(one, width=request.width // scale, height=request.height // scale) for one in shots.inputs]
    if shots.image_model is None:
        return replace(shots, inputs=tuple(sized))
    steps = request.count * request.steps * len(shots.windows)
    pictures = first_frame.generate_first_frames(request, shots.image_model, context, followed_by=steps)
    return replace(shots, inputs=tuple(_beginning(one, picture) for one, picture in zip(sized, pictures, strict=True)))


def _begun(
    shots: Shots, request: AnimateImage | ContinueClip, picture: "Image", context: Context, family: VideoFamily
) -> Shots:
    """Return shots that begin with a picture, in the size for it; they may end with another."""
    entry = context.entry
    width, height = legal_size(picture.size, entry, family.side(entry))
    box = crop.cover_crop(picture.size, width, height).box
    inputs = tuple(_beginning(replace(one, width=width, height=height), picture) for one in shots.inputs)
    if request.last_image:
        last = _ending(inputs[0], open_image(context, request.last_image), context)
        shots = replace(shots, last=last)
        if shots.at_once:
            inputs = tuple(replace(one, conditioning=replace(one.conditioning, last=last)) for one in inputs)
    return replace(shots, inputs=inputs, shown=None if box == (0, 0, *picture.size) else box)


def _changed(shots: Shots, request: ChangeClip, context: Context, family: VideoFamily) -> Shots:
    """Return shots that are given the clip to change, of its duration, as far as the model supports it."""
    source = open_clip(request, context, family)
    strength = float(getattr(request, "strength", 1.0))
    inputs = replace(
        shots.inputs[0],
        width=source.region.canvas.width,
        height=source.region.canvas.height,
        canvas=source.region.canvas,
        frames=source.frames,
        steps=max(request.steps, math.ceil(1 / strength)),  # with few steps, a low strength would leave none
        strength=strength,
        conditioning=replace(shots.inputs[0].conditioning, video=source.path, mask=source.region.mask),
    )
    window = Window(inputs.prompt, source.frames, source.kept)
    return replace(shots, inputs=(inputs,) * request.count, windows=(window,), source=source)


def _beginning(inputs: VideoInputs, picture: "Image") -> VideoInputs:
    """Return the inputs with a picture as the first frame."""
    place = crop.cover_crop(picture.size, inputs.width, inputs.height)
    return replace(inputs, conditioning=replace(inputs.conditioning, first=crop.crop_image(picture, place)))


def _ending(inputs: VideoInputs, picture: "Image", context: Context) -> "Image":
    """Return a picture as the last frame, which fills the frame like the first one."""
    place = crop.cover_crop(picture.size, inputs.width, inputs.height)
    if place.box != (0, 0, *picture.size):
        context.note("The last picture and the clip have different shapes, so only part of it is used.")
    return crop.crop_image(picture, place)
