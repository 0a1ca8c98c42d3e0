"""All training stages in order, each resumed where it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.storybook import autoencoder, picture, text
from tools.storybook.loop import TrainingPlan

_AUTOENCODER = TrainingPlan("autoencoder", 40_000, 8, 2e-3, decay=0.5)
_TEXT = TrainingPlan("text", 96_000, 64, 2e-3)
_DECODER = TrainingPlan("decoder", 16_000, 8, 1.5e-3, decay=0.7)
JUDGE = TrainingPlan("judge", 32_000, 32, 2e-3)


@dataclass(frozen=True)
class TrainingRecipe:
    """The size of a training. The defaults are those of the released model; resume a training with the same values."""

    samples: int = 180_000
    scenes: int = 32_000
    autoencoder: TrainingPlan = _AUTOENCODER
    text: TrainingPlan = _TEXT
    decoder: TrainingPlan = _DECODER
    batch: int = 32
    rate: float = 8e-4

    @property
    def picture(self) -> TrainingPlan:
        return TrainingPlan("picture", self.samples, self.batch, self.rate)


def train(folder: Path, recipe: TrainingRecipe, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train the stages that are not finished in ``folder``. ``saved`` is called after each checkpoint of the picture
    model with the folder and the number of samples so far."""
    folder.mkdir(parents=True, exist_ok=True)
    autoencoder.train(folder, recipe.autoencoder, device)
    text.train(folder, recipe.text, device)
    picture.train(folder, recipe.picture, recipe.scenes, device, saved)
    autoencoder.refine(folder, recipe.decoder, device)
