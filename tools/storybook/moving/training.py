"""All training stages in order, each resumed where it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.storybook.loop import TrainingPlan
from tools.storybook.moving import autoencoder, clip, judge, text

_AUTOENCODER = TrainingPlan(autoencoder.NAME, 80_000, 8, 2e-3, decay=0.5)
_TEXT = TrainingPlan(text.NAME, 32_000, 64, 2e-3)
JUDGE = TrainingPlan(judge.NAME, 16_000, 32, 2e-3)


@dataclass(frozen=True)
class MovingTrainingRecipe:
    """The size of a training. The defaults are those of the released model; resume a training with the same values."""

    samples: int = 47_200
    clips: int = 10_000
    autoencoder: TrainingPlan = _AUTOENCODER
    text: TrainingPlan = _TEXT
    batch: int = 16
    rate: float = 1.2e-3

    @property
    def clip(self) -> TrainingPlan:
        return TrainingPlan(clip.NAME, self.samples, self.batch, self.rate, mean_of=400, muon=4.0)


def train(folder: Path, recipe: MovingTrainingRecipe, device: str, saved: Callable[[Path, str], None]) -> None:
    """Train the stages that are not finished in ``folder``. ``saved`` is called after each checkpoint of the clip
    model with the folder and the number of clips so far."""
    folder.mkdir(parents=True, exist_ok=True)
    autoencoder.train(folder, recipe.autoencoder, device)
    text.train(folder, recipe.text, device)
    clip.train(folder, recipe.clip, recipe.clips, device, saved)
