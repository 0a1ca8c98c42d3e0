"""Image: make pictures, change them, make them better."""

from engines.requests import (
    ChangeImage,
    CreateImage,
    CutOut,
    EditImage,
    ExtendImage,
    FillImage,
    StylizeImage,
    UpscaleImage,
)
from studio import Studio
from tabs import recipes
from tabs.bench import Making, More, able, bench
from tabs.drawing import Drawn
from tabs.home import Card

DRAWN = (
    Making(CreateImage, "Create", "Make it", form=Drawn),
    Making(ChangeImage, "Change", "Change it", form=Drawn),
    Making(EditImage, "By words", "Change it", form=Drawn),
    Making(FillImage, "Fill", "Fill it in", form=Drawn),
    Making(ExtendImage, "Extend", "Extend it", form=Drawn),
)
ENHANCE = (
    Making(UpscaleImage, "Enlarge", "Enlarge it"),
    Making(CutOut, "Cut out", "Cut it out"),
    Making(StylizeImage, "Restyle", "Restyle it"),
)


def card(studio: Studio) -> Card:
    """The tab on Home."""
    use = "Larger and sharper, cut out of its background, painted in another style."
    if len(_makings(studio)) > len(ENHANCE):
        use = "From words, or from a picture you have: changed, continued, larger, cut out."
    return Card.of("image", "A picture", use, "image", _makings(studio))


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "image", _makings(studio), more=[More("Recipes", "recipes", recipes.build)])


def _makings(studio: Studio) -> list[Making]:
    """What can be done: a task that draws is there where a model for it is installed."""
    return [*able(studio, DRAWN), *ENHANCE]
