"""``python -m tools.storybook``: train the picture model and its judge, export them, write the model card."""

import argparse
from pathlib import Path

from engines import torch_setup


def main() -> None:
    asked = _arguments()
    torch_setup.use_threads(None)
    torch_setup.import_heavy("diffusers", "transformers")
    import torch

    from tools.storybook import judge, pipeline, shipping, training

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.command == "train":
        recipe = training.TrainingRecipe(samples=asked.samples, scenes=asked.scenes)
        training.train(asked.folder, recipe, device, pipeline.save_sheet)
    elif asked.command == "export":
        shipping.export(asked.folder, asked.target)
    elif asked.command == "judge":
        judge.train(asked.folder, training.JUDGE, device)
        shipping.keep_eye(asked.folder, shipping.EYE)
    else:
        recipe = training.TrainingRecipe(samples=asked.samples, scenes=asked.scenes)
        shipping.write_card(asked.folder, asked.target, recipe, asked.machine)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.storybook", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or resume a stopped training")
    export = commands.add_parser("export", help="save the model for release")
    judge = commands.add_parser("judge", help="train the judge and save it for release")
    card = commands.add_parser("card", help="measure the exported model and write its card and contact sheet")
    card.add_argument("--machine", default="this computer", help="the computer it was trained on, for the card")
    for command in (train, export, judge, card):
        command.add_argument("folder", type=Path, help="the training folder, with checkpoints, logs and sheets")
    for command in (export, card):
        command.add_argument("target", type=Path, help="the folder of the exported model")
    for command in (train, card):
        command.add_argument(
            "--samples", type=int, default=180_000, help="the number of training samples of the picture model"
        )
        command.add_argument("--scenes", type=int, default=32_000, help="the number of different scenes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
