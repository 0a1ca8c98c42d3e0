"""The second stage: the text encoder learns to read from a caption what moves and how."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from engines.families.storybook import words
from engines.families.storybook.words import MOTIONS
from tools.storybook import models, tokens
from tools.storybook.loop import Loop, TrainingPlan
from tools.storybook.moving import dataset
from tools.storybook.moving.models import TOKENS

NAME = "motion-text"
_CLIPS = 12_000
_KINDS = tuple(words.THINGS)


def train(folder: Path, plan: TrainingPlan, device: str) -> None:
    """Train the tokenizer, then the text encoder. Writes ``motion-text.safetensors`` and ``motion-tokenizer/``."""
    tokenizer = tokenizer_in(folder)
    torch.manual_seed(plan.seed)
    encoder = models.text_encoder(tokenizer.get_vocab(), TOKENS).to(device)
    heads = nn.Linear(encoder.config.hidden_size, len(MOTIONS) + len(_KINDS)).to(device)
    loop = Loop(plan, folder, {"text_encoder": encoder, "heads": heads}, device)
    if loop.finished:
        return
    numbers = range(min(_CLIPS, plan.samples))
    read = torch.stack([tokens.numbers(tokenizer, dataset.captions(number)) for number in numbers])
    right = torch.tensor([_answers(number) for number in numbers])

    def loss_of(chance: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(read), (plan.batch,), generator=chance)
        wording = torch.randint(read.shape[1], (plan.batch,), generator=chance)
        seen, answers = read[chosen, wording].to(device), right[chosen].to(device)
        with torch.autocast(device, torch.bfloat16):
            told = heads(encoder(seen)[0][torch.arange(len(seen)), end(seen)]).float()
        motion, kind = told.split([len(MOTIONS), len(_KINDS)], dim=1)
        # A caption with only the motion does not say what moves, so that part of the loss cannot reach zero.
        return functional.cross_entropy(motion, answers[:, 0]) + 0.2 * functional.cross_entropy(kind, answers[:, 1])

    loop.run(loss_of)


def end(seen: torch.Tensor) -> torch.Tensor:
    """The position of the end token in each caption."""
    return (seen == seen[:, -1:]).int().argmax(1)


def tokenizer_in(folder: Path) -> Any:
    """The folder's tokenizer; trained on first use."""
    target = folder / "motion-tokenizer"
    if not target.exists():
        learned = tokens.learn((text for number in range(_CLIPS) for text in dataset.captions(number)), TOKENS)
        learned.save_pretrained(target.with_suffix(".part"))
        target.with_suffix(".part").rename(target)
    return tokens.read(target)


def _answers(number: int) -> list[int]:
    clip = dataset.moving(number)
    return [tuple(MOTIONS).index(clip.motion), _KINDS.index(clip.scene.things[0].kind)]
