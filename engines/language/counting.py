"""How many tokens a text is: counted with the model's own vocabulary, or estimated where only its server has it."""

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from engines.language import gguf
from errors import StudioError

log = logging.getLogger(__name__)

Count = Callable[[str], int]

_BYTES_A_TOKEN = 3.5
"""Of a text of an unknown vocabulary, on the safe side: English has about 4.3, code 3.2, other scripts fewer."""


def estimate(text: str) -> int:
    """About how many tokens a text is, without a vocabulary."""
    return round(len(text.encode(errors="replace")) / _BYTES_A_TOKEN)


def counter(path: Path) -> Count:
    """Counts with the vocabulary of a GGUF file or of a folder with a ``tokenizer.json``; estimates without one."""
    file = path if path.is_file() else path / "tokenizer.json"
    if not file.is_file():
        return estimate
    stat = file.stat()
    return _counter(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _counter(file: Path, mtime_ns: int, size: int) -> Count:
    """One read of a file as it is now."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file)) if file.suffix == ".json" else _of_gguf(gguf.header(file))
    except StudioError:
        raise
    except Exception as error:  # the library has no error of its own
        log.info("The vocabulary of %s cannot be counted with: %s", file, error)
        return estimate
    if tokenizer is None:
        return estimate
    # ``encode`` would hold the interpreter for as long as it takes: half a minute for a long text.
    return lambda text: len(tokenizer.encode_batch_fast([text], add_special_tokens=False)[0]) if text else 0


def _of_gguf(header: dict[str, Any]) -> Any:
    """A tokenizer of the pairs of letters a GGUF file merges; None for another kind."""
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
