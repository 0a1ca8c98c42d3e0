"""Tokenizers of the real classes over a vocabulary of single bytes: no file needed, every text fits."""

from typing import Any


def byte_letters() -> list[str]:
    """The printable letter that byte-level tokenizers write for each byte value, in order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    return [chr(value if value in printable else next(spare)) for value in range(256)]


def clip_tokenizer(length: int = 77) -> Any:
    """A CLIPTokenizer with 514 words: each byte, each byte that ends a word, start and end of the text."""
    from transformers import CLIPTokenizer

    letters = byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: id for id, word in enumerate(words)}, merges=[], model_max_length=length)
