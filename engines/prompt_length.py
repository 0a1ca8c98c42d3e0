"""Estimate how much of a prompt a model reads, from the words alone, before anything is loaded."""

import re

from engines.catalog import Entry
from engines.diffusion import registry
from engines.families.storybook import motion_words, vocabulary
from errors import StudioError

_TOKENS_PER_WORD = 1.3
"""For English prose with the CLIP and T5 tokenizers."""

_WORDS = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
"""Words; in scripts without spaces between them (Chinese, Japanese, Thai, Lao) every character."""


def words_that_fit(prompt: str, entry: Entry) -> int | None:
    """Return about how many words the model reads of a prompt that is too long; None if it reads the whole prompt.

    For models with a small vocabulary (the option ``vocabulary``), only known words count.
    """
    tokens = _tokens(entry)
    if not tokens:
        return None
    known = entry.options.get("vocabulary")
    if known:
        read = motion_words.read(prompt).prompt if known == "storybook-motion" else vocabulary.read(prompt).prompt
        count, room = len(read.split()), tokens - 2
    else:
        count, room = len(_WORDS.findall(prompt)), int((tokens - 2) / _TOKENS_PER_WORD)
    return room if count > room else None


def _tokens(entry: Entry) -> int:
    """Return how many tokens a model reads, by its entry or its family; 0 if unlimited or unknown."""
    options = entry.options
    try:
        return int(options.get("text_tokens") or options.get("text_length") or registry.of(entry).text_tokens)
    except StudioError:
        return 0
