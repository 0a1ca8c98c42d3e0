"""All stages one after the other, each from where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engines.starter.storybook.loop import Plan
from engines.starter.storybook.moving import autoencoder, clip, judge, text

_AUTOENCODER = Plan(autoencoder.NAME, 80_000, 8, 2e-3, decay=0.5)
_TEXT = Plan(text.NAME, 32_000, 64, 2e-3)
JUDGE = Plan(judge.NAME, 16_000, 32, 2e-3)


@dataclass(frozen=True)
class Recipe:
    """How much of everything. The default is what was shipped; a resumed training must be given its own again."""

    samples: int = 47_200
    clips: int = 10_000
    autoencoder: Plan = _AUTOENCODER
    text: Plan = _TEXT
    batch: int = 16
    rate: float = 1.2e-3

    @property
    def clip(self) -> Plan:
        return Plan(clip.NAME, self.samples, self.batch, self.rate, mean_of=400, muon=4.0)


def train(folder: Path, recipe: Recipe, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train into ``folder`` what is not trained there yet. ``saved`` is called after each of the clip model's
    checkpoints with the folder and how many clips it has seen."""
    folder.mkdir(parents=True, exist_ok=True)
    autoencoder.train(folder, recipe.autoencoder, device)
    text.train(folder, recipe.text, device)
    clip.train(folder, recipe.clip, recipe.clips, device, saved)
