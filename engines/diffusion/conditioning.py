"""The inputs of a generation in addition to the prompt (pictures, clips, sound), and its outputs (frames, sound).

Every file that a request names has been opened, or is a path that is read when needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engines.catalog import Entry

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL.Image import Image

    from engines.media.sound_track import SoundTrack

    Frames = Iterator[np.ndarray]
    """Frames in order: (height, width, 3 or 4), 0 to 1."""


@dataclass(frozen=True)
class Control:
    """A control map (edges, depth, …) to follow. ``strength`` is 0 to 2; ``by`` is the model that made the map, if
    any."""

    kind: str
    map: "Image"
    strength: float
    by: Entry | None = None


class Keyframe(NamedTuple):
    """A picture that a clip shows ``seconds`` after its start."""

    seconds: float
    image: "Image"


@dataclass(frozen=True)
class Conditioning:
    """The media that a generation follows. Pictures are upright and RGB.

    ``first`` is a clip's first frame, or the picture to change; it and ``mask`` (mode L, white is generated) have the
    generated size. ``last`` is a clip's last frame; ``references`` are pictures of any size. ``video``, ``audio`` and
    ``pose`` are files: the clip to change, the sound to follow, and a clip of a drawn skeleton. With ``video``,
    ``mask`` may be a file too: a clip with a mask for each frame.
    """

    first: "Image | None" = None
    last: "Image | None" = None
    keyframes: tuple[Keyframe, ...] = ()
    video: Path | None = None
    mask: "Image | Path | None" = None
    references: "tuple[Image, ...]" = ()
    controls: tuple[Control, ...] = ()
    audio: Path | None = None
    pose: Path | None = None

    @property
    def control(self) -> Control | None:
        """The first control map, for pipelines that take only one."""
        return self.controls[0] if self.controls else None

    @property
    def images(self) -> "tuple[Image, ...]":
        """Every picture that an encoder may read with the prompt; the picture to change comes first."""
        shown = (self.first, *self.references, *(frame.image for frame in self.keyframes), self.last)
        return tuple(image for image in shown if image is not None)

    def init_images(self, count: int) -> dict[str, Any]:
        """Return ``image`` and ``mask_image`` once for each of the ``count`` pictures of a batch: encoding a picture
        draws noise, and each picture must draw it from its own seed to come out as if generated alone."""
        given = {"image": self.first, "mask_image": self.mask}
        return {name: [image] * count for name, image in given.items() if image is not None}


class Latents(NamedTuple):
    """One take after denoising, ready to be decoded; ``audio`` is set by models that generate sound with the frames."""

    frames: "torch.Tensor"
    audio: "torch.Tensor | None" = None


class Output(NamedTuple):
    """One decoded take. ``frames`` is lazy: frames are decoded one by one and can be read once."""

    frames: "Frames"
    audio: "SoundTrack | None" = None
