"""What a family of clip models is to the studio, beside what every family is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from engines.catalog import Entry
from engines.image.family import Family, Words, Work

if TYPE_CHECKING:
    import numpy as np
    import torch

_USUAL_FPS = 24.0


@dataclass(frozen=True)
class ClipWork(Work):
    """A clip as a family gets it: ``frames`` is a number that is legal for it, ``image`` the first one, if given."""

    frames: int = 1


class ClipFamily(Family):
    """How the studio speaks to the pipelines of one family of clip models."""

    temporal: ClassVar[int] = 4
    """So many frames become one latent; the first stands alone."""

    def frames(self, entry: Entry, seconds: float) -> int:
        """The legal number of frames nearest to a length at the model's own rate."""
        step = self.step(entry)
        return 1 + step * max(0, round((seconds * fps(entry) - 1) / step))

    def step(self, entry: Entry) -> int:
        """By how many frames a clip grows: what ``temporal`` is for an entry's own decoder."""
        return int(entry.options.get("temporal", self.temporal))

    def working_bytes(self, entry: Entry, width: int, height: int, frames: int) -> int:
        """What making a clip of such frames takes beside the weights, when it takes most."""
        raise NotImplementedError

    def painting_bytes(self, work: Work) -> int:
        assert isinstance(work, ClipWork)
        return self.working_bytes(work.entry, work.width, work.height, work.frames)

    def film(
        self, pipeline: Any, work: ClipWork, words: Words, generator: "torch.Generator", **call: Any
    ) -> "Iterator[np.ndarray]":
        """The frames one after the other: (height, width, 3), 0 to 1. ``pipeline`` has the painters."""
        raise NotImplementedError


def fps(entry: Entry) -> float:
    """The frame rate that a model was trained at."""
    return float(entry.options.get("fps", _USUAL_FPS))
