"""The second stage: the text encoder learns to read captions before the picture model is trained.

From its output at the end of a caption, every part of the scene must be predictable. That takes minutes, and saves the
picture model from learning to read through pixels, which took most of its samples.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from engines.families.storybook import words
from tools.storybook import dataset, models, tokens
from tools.storybook.loop import Loop, TrainingPlan
from tools.storybook.scene import Scene

_SCENES = 20_000
_NOTHING = "nothing"
_RELATIONS = ("alone", "beside", "in front", "above")
_QUESTIONS: dict[str, tuple[str, ...]] = {
    **{
        f"{which} {part}": (_NOTHING, *answers)
        for which in ("first", "last")
        for part, answers in (
            ("kind", tuple(words.THINGS)),
            ("color", words.COLORS),
            ("size", tuple(words.SIZES)),
            ("place", tuple(words.PLACES)),
        )
    },
    "relation": _RELATIONS,
    "ground": tuple(words.GROUNDS),
    "time": tuple(words.TIMES),
    "weather": tuple(words.WEATHERS),
    "light": tuple(words.LIGHTS),
    "framing": tuple(words.FRAMINGS),
    "style": tuple(words.STYLES),
}


def answers(scene: Scene) -> list[int]:
    """The correct answer to each question about a scene."""
    found: dict[str, str] = {part: getattr(scene, part) for part in list(_QUESTIONS)[8:]}
    for which, thing in (("first", scene.things[0]), ("last", scene.things[1] if scene.things[1:] else None)):
        for part in ("kind", "color", "size", "place"):
            found[f"{which} {part}"] = getattr(thing, part) if thing else _NOTHING
    return [choices.index(found[question]) for question, choices in _QUESTIONS.items()]


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the tokenizer, then the text encoder. Writes ``text.safetensors`` and ``tokenizer/``."""
    tokenizer = tokenizer_in(folder)
    torch.manual_seed(plan.seed)
    encoder = models.text_encoder(tokenizer.get_vocab()).to(device)
    width = encoder.config.hidden_size
    heads = nn.Linear(width, sum(len(choices) for choices in _QUESTIONS.values())).to(device)
    loop = Loop(plan, folder, {"text_encoder": encoder, "heads": heads}, device)
    if loop.finished:
        return
    scenes = range(min(_SCENES, plan.samples))
    read = torch.stack([tokens.numbers(tokenizer, dataset.captions(number)) for number in scenes])
    right = torch.tensor([answers(dataset.scene(number)) for number in scenes])

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(read), (plan.batch,), generator=chance)
        wording = torch.randint(read.shape[1], (plan.batch,), generator=chance)
        seen = read[chosen, wording].to(device)
        with torch.autocast(device, torch.bfloat16):
            told = heads(_somewhere_after(seen, encoder(seen)[0], chance)).float()
        parts = told.split([len(choices) for choices in _QUESTIONS.values()], dim=1)
        target = right[chosen].to(device)
        losses = [functional.cross_entropy(part, target[:, place]) for place, part in enumerate(parts)]
        return torch.stack(losses).mean()

    loop.run(loss_of)


def _somewhere_after(seen: torch.Tensor, hidden: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """The encoder's output at the end token or at a random padding token after it: all of them have seen the whole
    caption, and the picture model attends to all of them."""
    first = (seen[:, 1:] == seen[:, -1:]).int().argmax(1) + 1
    room = torch.rand(len(seen), generator=chance).to(seen.device) * (seen.shape[1] - first)
    return hidden[torch.arange(len(seen)), (first + room.long()).clamp(max=seen.shape[1] - 1)]


def tokenizer_in(folder: Path) -> Any:
    """The folder's tokenizer; trained on first use."""
    if not (folder / "tokenizer").exists():
        learned = tokens.learn(text for number in range(_SCENES) for text in dataset.captions(number))
        learned.save_pretrained(folder / "tokenizer.part")
        (folder / "tokenizer.part").rename(folder / "tokenizer")
    return tokens.read(folder / "tokenizer")
