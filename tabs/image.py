"""Image: make pictures and make them better."""

from engines.requests import CreateImage, CutOut, StylizeImage, UpscaleImage
from studio import Studio
from tabs.bench import Making, bench
from tabs.home import Card

CREATE = Making(CreateImage, "Create", "Make it")
ENHANCE = (
    Making(UpscaleImage, "Enlarge", "Enlarge it"),
    Making(CutOut, "Cut out", "Cut it out"),
    Making(StylizeImage, "Restyle", "Restyle it"),
)


def card(studio: Studio) -> Card:
    """The tab on Home."""
    use = "Larger and sharper, cut out of its background, painted in another style."
    if len(_makings(studio)) > len(ENHANCE):
        use = "From words, or from a picture you have: larger, cut out, in another style."
    return Card.of("image", "A picture", use, "image", _makings(studio))


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "image", _makings(studio))


def _makings(studio: Studio) -> list[Making]:
    """What can be done; *Create* where a model for it is installed."""
    creators = studio.catalog.for_task("create_image")
    can_create = any(studio.catalog.installed(entry) for entry in creators)
    return [CREATE, *ENHANCE] if can_create else [*ENHANCE]
