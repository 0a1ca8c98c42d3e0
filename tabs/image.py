"""Image: make pictures and make them better."""

from engines.requests.image import CreateImage, CutOut, StylizeImage, UpscaleImage
from studio import Studio
from tabs.bench import Making, bench

CREATE = Making(CreateImage, "Create", "Make it")
ENHANCE = (
    Making(UpscaleImage, "Enlarge", "Enlarge it"),
    Making(CutOut, "Cut out", "Cut it out"),
    Making(StylizeImage, "Restyle", "Restyle it"),
)


def build(studio: Studio) -> None:
    """The tab; *Create* is on it where a model for it is installed."""
    creators = studio.catalog.for_task("create_image")
    can_create = any(studio.catalog.installed(entry) for entry in creators)
    bench(studio, "image", [CREATE, *ENHANCE] if can_create else ENHANCE)
