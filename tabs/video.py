"""Video: make clips, from words or from a picture; make them larger and smoother."""

from engines.requests.video import AnimateImage, CreateClip, InterpolateClip, UpscaleClip
from studio import Studio
from tabs.bench import Making, able, bench
from tabs.filming import Filmed
from tabs.home import Card

FILMED = (
    Making(CreateClip, "Create", "Film it", form=Filmed),
    Making(AnimateImage, "Animate", "Animate it", form=Filmed),
)
ENHANCE = (
    Making(UpscaleClip, "Enlarge", "Enlarge it"),
    Making(InterpolateClip, "Frame rate", "Smooth it"),
)


def card(studio: Studio) -> Card:
    """The tab on Home."""
    use = "Larger, and smooth at any frame rate; its sound stays."
    if len(_makings(studio)) > len(ENHANCE):
        use = "From words, or a picture that moves; larger, smooth at any frame rate."
    return Card.of("video", "A clip", use, "clip", _makings(studio))


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "video", _makings(studio))


def _makings(studio: Studio) -> list[Making]:
    """What can be done: a task that films is there where a model for it is installed."""
    return [*able(studio, FILMED), *ENHANCE]
