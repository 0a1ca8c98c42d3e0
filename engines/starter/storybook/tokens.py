"""Storybook's tokenizer: CLIP's own kind, with pieces learnt from captions. Most known words are one token."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from engines.starter.storybook.models import TOKENS

_END_OF_WORD = "</w>"
_PIECES = 900


def learn(captions: Iterable[str], length: int = TOKENS) -> CLIPTokenizer:
    """A tokenizer whose pieces come from these captions; any other text is spelled out."""
    spelling = Tokenizer(models.BPE(end_of_word_suffix=_END_OF_WORD))
    spelling.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(" ", "removed"),
            pre_tokenizers.Split(",", "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    spelling.train_from_iterator(
        captions,
        trainers.BpeTrainer(
            vocab_size=_PIECES,
            special_tokens=["<|startoftext|>", "<|endoftext|>"],
            initial_alphabet=letters,
            end_of_word_suffix=_END_OF_WORD,
            show_progress=False,
        ),
    )
    learnt = json.loads(spelling.to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    for letter in letters:
        vocabulary.setdefault(letter + _END_OF_WORD, len(vocabulary))
    merges = [tuple(pair) for pair in learnt["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=length)


def read(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def numbers(tokenizer: Any, texts: list[str]) -> torch.Tensor:
    """(count, length) token numbers, filled up with the end's."""
    read = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
    tokens: torch.Tensor = read.input_ids
    return tokens
