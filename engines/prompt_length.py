"""How much of a prompt a model reads: an estimate from the words alone, before anything is loaded."""

import re

from engines.catalog import Entry
from engines.starter.storybook import motion_words, vocabulary
from engines.video import families
from errors import StudioError

_TOKENS_PER_WORD = 1.3
"""Of English prose, with the tokenizers of CLIP and T5."""

_WORDS = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
"""Words; in scripts that have no spaces between them (Chinese, Japanese, Thai, Lao) each letter."""


def words_read(prompt: str, entry: Entry) -> int | None:
    """About how many words the model reads of a prompt that is too long for it; None where it reads all of it.

    What reads few words (the option ``vocabulary``) counts those that it knows.
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
    """How many tokens it reads: what the entry says, or its family; 0 for any number, or where it is not known."""
    options = entry.options
    try:
        return int(options.get("text_tokens") or options.get("text_length") or families.of(entry).text_tokens)
    except StudioError:
        return 0
