"""All stages one after the other, each from where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engines.starter.storybook import autoencoder, picture, text
from engines.starter.storybook.loop import Plan

_AUTOENCODER = Plan("autoencoder", 40_000, 8, 2e-3, decay=0.5)
_TEXT = Plan("text", 96_000, 64, 2e-3)
_DECODER = Plan("decoder", 16_000, 8, 1.5e-3, decay=0.7)
JUDGE = Plan("judge", 32_000, 32, 2e-3)


@dataclass(frozen=True)
class Recipe:
    """How much of everything. The default is what was shipped; a resumed training must be given its own again."""

    samples: int = 180_000
    scenes: int = 32_000
    autoencoder: Plan = _AUTOENCODER
    text: Plan = _TEXT
    decoder: Plan = _DECODER
    batch: int = 32
    rate: float = 8e-4

    @property
    def picture(self) -> Plan:
        return Plan("picture", self.samples, self.batch, self.rate)


def train(folder: Path, recipe: Recipe, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train into ``folder`` what is not trained there yet. ``saved`` is called after each of the picture model's
    checkpoints with the folder and how many samples it has seen."""
    folder.mkdir(parents=True, exist_ok=True)
    autoencoder.train(folder, recipe.autoencoder, device)
    text.train(folder, recipe.text, device)
    picture.train(folder, recipe.picture, recipe.scenes, device, saved)
    autoencoder.refine(folder, recipe.decoder, device)
