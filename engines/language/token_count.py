"""Count a text's tokens with the model's own vocabulary, or estimate them if only the server has it."""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from engines.weights import gguf_header
from errors import StudioError

log = logging.getLogger(__name__)

Count = Callable[[str], int]

_BYTES_A_TOKEN = 3.5
"""Bytes per token for an unknown vocabulary, a cautious value: English has about 4.3, code 3.2, other scripts fewer."""


def estimate(text: str) -> int:
    """Estimate a text's tokens without a vocabulary."""
    return round(len(text.encode(errors="replace")) / _BYTES_A_TOKEN)


def counter(path: Path) -> Count:
    """Return a counter for a GGUF file, or for a folder with a ``tokenizer.json``; without one, return ``estimate``."""
    file = path if path.is_file() else path / "tokenizer.json"
    if not file.is_file():
        return estimate
    stat = file.stat()
    return _counter(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _counter(file: Path, mtime_ns: int, size: int) -> Count:
    """Read a file once per version."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file)) if file.suffix == ".json" else _of_gguf(gguf_header.header(file))
    except StudioError:
        raise
    except Exception as error:  # the library has no error class of its own
        log.info("Estimating tokens: the vocabulary of %s is unusable: %s", file, error)
        return estimate
    if tokenizer is None:
        return estimate
    # ``encode`` would hold the GIL all the time, which is half a minute for a long text.
    return lambda text: len(tokenizer.encode_batch_fast([text], add_special_tokens=False)[0]) if text else 0


def _of_gguf(header: dict[str, Any]) -> Any:
    """Return a BPE tokenizer built from a GGUF file's merges; None for another kind of vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words, merges = header.get("tokenizer.ggml.tokens"), header.get("tokenizer.ggml.merges")
    if not words or not merges:
        return None
    pairs = [tuple(merge.split(" ", 1)) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocab={word: id for id, word in enumerate(words)}, merges=pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer
