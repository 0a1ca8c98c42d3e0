"""Storybook's tokenizer: CLIP's type, with a vocabulary learned from captions. Most known words are one token."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from tools.storybook.models import TOKENS

_END_OF_WORD = "</w>"
_PIECES = 900


def learn(captions: Iterable[str], length: int = TOKENS) -> CLIPTokenizer:
    """A tokenizer with a vocabulary from these captions; other words are split into characters."""
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
    learned = json.loads(spelling.to_str())["model"]
    vocabulary: dict[str, int] = learned["vocab"]
    for letter in letters:
        vocabulary.setdefault(letter + _END_OF_WORD, len(vocabulary))
    merges = [tuple(pair) for pair in learned["merges"]]
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=length)


def read(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def numbers(tokenizer: Any, texts: list[str]) -> torch.Tensor:
    """Token ids (count, length), padded with the end token."""
    read = tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
    tokens: torch.Tensor = read.input_ids
    return tokens
