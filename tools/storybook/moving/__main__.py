"""``python -m tools.storybook.moving``: train the clip model and its judge, export them, write the model card."""

import argparse
from pathlib import Path

from engines import torch_setup


def main() -> None:
    asked = _arguments()
    torch_setup.use_threads(None)
    torch_setup.import_heavy("diffusers", "transformers")
    import torch

    from tools.storybook.moving import judge, shipping, training

    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = training.MovingTrainingRecipe(samples=asked.samples, clips=asked.clips)
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
    parser = argparse.ArgumentParser(prog="python -m tools.storybook.moving", description=__doc__)
    parser.add_argument("--samples", type=int, default=47_200, help="the number of training clips, counting repeats")
    parser.add_argument("--clips", type=int, default=10_000, help="the number of different clips")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train, or resume a stopped training")
    export = commands.add_parser("export", help="save the model for release")
    judge = commands.add_parser("judge", help="train the judge and save it for release")
    card = commands.add_parser("card", help="measure the exported model and write its card and contact sheet")
    card.add_argument("--machine", default="this computer", help="the computer it was trained on, for the card")
    for command in (train, export, judge, card):
        command.add_argument("folder", type=Path, help="the training folder, with checkpoints and logs")
    for command in (export, card):
        command.add_argument("target", type=Path, help="the folder of the exported model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
