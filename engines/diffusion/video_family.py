"""The interface of a video model family."""

from dataclasses import dataclass
from typing import ClassVar

from engines.catalog import Entry
from engines.diffusion.family import Family, GenerationInputs

_USUAL_FPS = 24.0


@dataclass(frozen=True)
class VideoInputs(GenerationInputs):
    """A video request as a family receives it; ``frames`` is a number of frames that is legal for the model."""

    frames: int = 1


class VideoFamily(Family):
    """Calls the pipelines of one family of video models."""

    temporal: ClassVar[int] = 4
    """The number of frames per latent frame; the first frame has a latent frame of its own."""

    def frames(self, entry: Entry, seconds: float) -> int:
        """Return the legal number of frames closest to a duration at the model's frame rate."""
        step = self.step(entry)
        return 1 + step * max(0, round((seconds * fps(entry) - 1) / step))

    def step(self, entry: Entry) -> int:
        """Return the step between legal numbers of frames: ``temporal``, or the entry's own."""
        return int(entry.options.get("temporal", self.temporal))


def fps(entry: Entry) -> float:
    """Return the frame rate that a model was trained at."""
    return float(entry.options.get("fps", _USUAL_FPS))
