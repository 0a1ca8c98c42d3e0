"""``python -m engines.starter.storybook.moving``: train the clip model and its judge, save them, write the card."""

import argparse
from pathlib import Path

from engines import runtime


def main() -> None:
    asked = _arguments()
    runtime.use_threads(None)
    runtime.heavy("diffusers", "transformers")
    import torch

    from engines.starter.storybook.moving import judge, shipping, training

    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = training.Recipe(samples=asked.samples, clips=asked.clips)
    if asked.command == "train":
        training.train(asked.folder, recipe, device, lambda folder, seen: None)
    elif asked.command == "export":
        shipping.export(asked.folder, asked.target)
    elif asked.command == "judge":
        judge.train(asked.folder, training.JUDGE, device)
        judge.keep(asked.folder, shipping.WATCHER)
    else:
        shipping.write_card(asked.folder, asked.target, recipe, asked.machine)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engines.starter.storybook.moving", description=__doc__)
    parser.add_argument("--samples", type=int, default=47_200, help="how many clips the model sees in all")
    parser.add_argument("--clips", type=int, default=10_000, help="how many different clips there are")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or go on where it was stopped")
    export = commands.add_parser("export", help="save the model as it is shipped")
    judge = commands.add_parser("judge", help="train the judge and save it as it is shipped")
    card = commands.add_parser("card", help="measure the saved model and write its card and contact sheet")
    card.add_argument("--machine", default="this machine", help="where it was trained, for the card")
    for command in (train, export, judge, card):
        command.add_argument("folder", type=Path, help="where the training's states and logs lie")
    for command in (export, card):
        command.add_argument("target", type=Path, help="where the saved model lies")
    return parser.parse_args()


if __name__ == "__main__":
    main()
