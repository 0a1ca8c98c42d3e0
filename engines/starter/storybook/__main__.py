"""``python -m engines.starter.storybook``: train the picture model and its judge, save them, write the model card."""

import argparse
from pathlib import Path

from engines import runtime


def main() -> None:
    asked = _arguments()
    runtime.use_threads(None)
    runtime.heavy("diffusers", "transformers")
    import torch

    from engines.starter.storybook import judge, pipeline, shipping, training

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.command == "train":
        recipe = training.Recipe(samples=asked.samples, scenes=asked.scenes)
        training.train(asked.folder, recipe, device, pipeline.save_sheet)
    elif asked.command == "export":
        shipping.export(asked.folder, asked.target)
    elif asked.command == "judge":
        judge.train(asked.folder, training.JUDGE, device)
        shipping.keep_eye(asked.folder, shipping.EYE)
    else:
        recipe = training.Recipe(samples=asked.samples, scenes=asked.scenes)
        shipping.write_card(asked.folder, asked.target, recipe, asked.machine)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engines.starter.storybook", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or go on where it was stopped")
    export = commands.add_parser("export", help="save the model as it is shipped")
    judge = commands.add_parser("judge", help="train the judge and save it as it is shipped")
    card = commands.add_parser("card", help="measure the saved model and write its card and contact sheet")
    card.add_argument("--machine", default="this machine", help="where it was trained, for the card")
    for command in (train, export, judge, card):
        command.add_argument("folder", type=Path, help="where the training's states, logs and sheets lie")
    for command in (export, card):
        command.add_argument("target", type=Path, help="where the saved model lies")
    for command in (train, card):
        command.add_argument("--samples", type=int, default=180_000, help="how many the picture model sees in all")
        command.add_argument("--scenes", type=int, default=32_000, help="how many different scenes there are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
