"""Video: make clips larger and smoother."""

from engines.requests.video import InterpolateClip, UpscaleClip
from studio import Studio
from tabs.bench import Making, bench
from tabs.home import Card

ENHANCE = (
    Making(UpscaleClip, "Enlarge", "Enlarge it"),
    Making(InterpolateClip, "Change frame rate", "Smooth it"),
)


def card(studio: Studio) -> Card:
    """The tab on Home."""
    return Card.of("video", "A clip", "Larger, and smooth at any frame rate; its sound stays.", "clip", ENHANCE)


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "video", ENHANCE)
