"""Video: make clips larger and smoother."""

from engines.requests.video import InterpolateClip, UpscaleClip
from studio import Studio
from tabs.bench import Making, bench

ENHANCE = (
    Making(UpscaleClip, "Enlarge", "Enlarge it"),
    Making(InterpolateClip, "Change frame rate", "Smooth it"),
)


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "video", ENHANCE)
