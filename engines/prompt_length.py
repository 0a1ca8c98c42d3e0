"""How much of a prompt a model reads: an estimate from the words alone, before anything is loaded."""

from engines.catalog import Entry
from engines.starter.storybook import motion_words, vocabulary

_TOKENS_PER_WORD = 1.3
"""Of English prose, with the tokenizers of CLIP and T5."""

_CLIP_TOKENS = 77
_CLIP = ("diffusers:StableDiffusionPipeline", "diffusers:StableDiffusionXLPipeline")
"""Pipelines whose only text encoders are CLIP's."""


def words_read(prompt: str, entry: Entry) -> int | None:
    """About how many words the model reads of a prompt that is too long for it; None where it reads all of it.

    What reads few words (the option ``vocabulary``) counts those that it knows.
    """
    tokens = entry.options.get("text_tokens") or entry.options.get("text_length")
    if tokens is None and entry.pipeline in _CLIP:
        tokens = _CLIP_TOKENS
    if tokens is None:
        return None
    known = entry.options.get("vocabulary")
    if known:
        read = motion_words.read(prompt).prompt if known == "storybook-motion" else vocabulary.read(prompt).prompt
        count, room = len(read.split()), int(tokens) - 2
    else:
        count, room = len(prompt.split()), int((int(tokens) - 2) / _TOKENS_PER_WORD)
    return room if count > room else None
