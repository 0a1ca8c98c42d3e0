"""The text that AUTOMATIC1111's web UI, Forge and many others put into their pictures."""

import re
from collections.abc import Iterator

from engines.media.foreign_words import Told

_LORA = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})(?::([-+.\d]{1,12}))?[^<>]{0,60}>")
_GAP = re.compile(r"(?<! ) *,[ ,]*")  # begins at the first space of many: a text of spaces alone is read through once
_NEGATIVE = "Negative prompt:"
_FACTS = re.compile(r"^[ \t]*Steps: *\d", re.MULTILINE)
_KNOWN = {"Steps", "CFG scale", "Distilled CFG Scale", "Seed", "Size", "Model", "Sampler"}
_SILENT = {"Version", "Model hash", "Lora hashes", "TI hashes", "Hashes", "VAE hash"}


def read(text: str) -> Told | None:
    """What the text says; None for a text of another kind."""
    facts_at = [found.start() for found in _FACTS.finditer(text)]
    if not facts_at:
        return None
    words, facts = text[: facts_at[-1]], dict(_facts(text[facts_at[-1] :]))
    prompt, _, negative = words.partition(_NEGATIVE)
    width, _, height = facts.get("Size", "").partition("x")
    loras = [(name, strength or "1") for name, strength in _LORA.findall(prompt)]
    other = [(name, value) for name, value in facts.items() if name not in _KNOWN | _SILENT]
    return Told.of(
        prompt=_GAP.sub(", ", _LORA.sub("", prompt)).strip(" ,\n"),
        negative_prompt=negative.strip(),
        steps=facts.get("Steps"),
        guidance=facts.get("Distilled CFG Scale") or facts.get("CFG scale"),
        seed=facts.get("Seed"),
        width=width,
        height=height,
        model=facts.get("Model"),
        sampler=facts.get("Sampler"),
        loras=loras,
        other=other[:40],
    )


def _facts(line: str) -> Iterator[tuple[str, str]]:
    """``Name: value, Name: "value, with a comma"``."""
    for part in _parts(line[:20_000].replace("\n", ",")):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            yield name.strip(), value.strip().strip('"')


def _parts(line: str) -> Iterator[str]:
    quoted, began = False, 0
    for at, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            yield line[began:at]
            began = at + 1
    yield line[began:]
