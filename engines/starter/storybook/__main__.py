"""``python -m engines.starter.storybook``: train the picture model, and save it as it is shipped."""

import argparse
from pathlib import Path

from engines import runtime


def main() -> None:
    asked = _arguments()
    runtime.use_threads(None)
    runtime.heavy("diffusers", "transformers")
    import torch

    from engines.starter.storybook import pipeline, training

    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = training.Recipe(samples=asked.samples, scenes=asked.scenes)
    training.train(asked.folder, recipe, device, pipeline.save_sheet)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engines.starter.storybook", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or go on where it was stopped")
    train.add_argument("folder", type=Path, help="where its states, logs and sheets lie; outside the repository")
    train.add_argument("--samples", type=int, default=400_000, help="how many the picture model sees in all")
    train.add_argument("--scenes", type=int, default=32_000, help="how many different scenes there are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
