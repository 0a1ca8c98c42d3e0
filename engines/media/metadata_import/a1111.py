"""Read the generation text that AUTOMATIC1111's web UI, Forge, SD.Next, Civitai and many others put into pictures."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engines.media.metadata_import.fields import ImportedFields

_TAG = re.compile(r"<(lora|lyco|hypernet):([^:<>]{1,200})(?::([-+.\d]{1,12}))?[^<>]{0,200}>")
_NEGATIVE = "Negative prompt:"
_NAME = re.compile(r"[A-Za-z][\w /.()+-]{0,60}")
_STEPS = re.compile(r"[ \t]*steps: *\d", re.IGNORECASE)
_KNOWN = {"steps", "cfg scale", "distilled cfg scale", "seed", "size", "width", "height", "model", "sampler"}
_SILENT = {"version", "model hash", "lora hashes", "ti hashes", "hashes", "vae hash", "civitai resources"}
_LONGEST, _LONGEST_SIDE = 20_000, 100_000
"""Most characters to read of the settings, and of each prompt."""
_MOST_FACTS, _MOST_TRIES = 300, 20
"""Most settings to read, and most lines to search for them: a malicious text may be built to take long."""
_END = re.compile(r"[,\n]")
_JSON = json.JSONDecoder(strict=False)


def read(text: str) -> ImportedFields | None:
    """Parse the text; return None if it is of another kind."""
    lines = text.split("\n")
    at = _facts_at(lines)
    if at is None:
        return None
    shown = list(_facts("\n".join(lines[at:])[:_LONGEST]))
    facts = {name.lower(): value for name, value in reversed(shown)}  # the first of two with one name counts
    prompt, negative = _sides(lines[:at])
    tags = [*_TAG.findall(prompt), *_TAG.findall(negative)]
    resources = _resources(facts.get("civitai resources", ""))
    width, _, height = facts.get("size", "").partition("x")
    other = [("Hypernetwork", name) for kind, name, _ in tags if kind == "hypernet"]
    other += [(name, value) for name, value in shown if name.lower() not in _KNOWN | _SILENT]
    return ImportedFields.of(
        prompt=_without_tags(prompt).strip(),
        negative_prompt=_without_tags(negative).strip(),
        steps=facts.get("steps"),
        guidance=facts.get("distilled cfg scale") or facts.get("cfg scale"),
        seed=facts.get("seed"),
        width=width or facts.get("width"),
        height=height or facts.get("height"),
        model=facts.get("model") or next((name for kind, name, _ in resources if kind == "checkpoint"), None),
        model_hash=facts.get("model hash"),
        sampler=facts.get("sampler"),
        loras=[(name, strength or "1") for kind, name, strength in tags if kind != "hypernet"]
        + [(name, weight) for kind, name, weight in resources if kind in ("lora", "lycoris", "locon", "dora")],
        other=other[:40],
    )


def _facts_at(lines: list[str]) -> int | None:
    """Return the line where the settings begin: the last with steps and two others, else the last with only steps."""
    only = None
    candidates = (at for at in range(len(lines) - 1, -1, -1) if "teps:" in lines[at][:_LONGEST])
    for at in itertools.islice(candidates, _MOST_TRIES):
        line = lines[at][:_LONGEST]
        names = {name.lower() for name, _ in _facts(line)}
        if "steps" in names and len(names) > 2:
            return at
        if only is None and _STEPS.match(line):
            only = at
    return only


def _sides(lines: list[str]) -> tuple[str, str]:
    """Return the prompt and the negative prompt, which starts on a new line."""
    at = next((n for n, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    return "\n".join(lines[:at])[:_LONGEST_SIDE], "\n".join(lines[at:]).removeprefix(_NEGATIVE)[:_LONGEST_SIDE]


def _without_tags(text: str) -> str:
    """Remove the LoRA tags from a prompt; the rest stays as written."""
    pieces = _TAG.sub("\0", text.replace("\0", "")).split("\0")
    words = pieces[0]
    for piece in pieces[1:]:
        before, after = words.rstrip(" ,"), piece.lstrip(" ,")
        if not before or not after or after.startswith("\n"):
            words = before + after
        else:
            comma = "," in words[len(before) :] or "," in piece[: len(piece) - len(after)]
            words = f"{before}{', ' if comma else ' '}{after}"
    return words


def _facts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of ``Name: value, Name: "value, with a comma", Name: [{"more": 1}]``."""
    at = found = 0
    while at < len(text) and found < _MOST_FACTS:
        end = mark.start() if (mark := _END.search(text, at)) else len(text)
        name, colon, _ = text[at:end].partition(":")
        if not colon or not _NAME.fullmatch(name.strip()):
            at = end + 1
            continue
        value, at = _value(text, at + len(name) + 1, end)
        found += 1
        yield name.strip(), value


def _value(text: str, start: int, end: int) -> tuple[str, int]:
    """Return a value and the start of the next setting; values in quotes or brackets may contain commas and lines."""
    while start < end and text[start] == " ":
        start += 1
    if text[start : start + 1] in ('"', "[", "{"):
        try:
            value, after = _JSON.raw_decode(text, start)
            return value if isinstance(value, str) else text[start:after], _next(text, after)
        except (ValueError, RecursionError):
            pass
    if text[start : start + 1] == "(" and (close := text.find(")", start, start + 200)) > 0:
        return text[start : close + 1], _next(text, close + 1)
    return text[start:end].strip().strip('"'), end + 1


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] not in ",\n":
        at += 1
    return at + 1


def _resources(text: str) -> list[tuple[str, str, Any]]:
    """Return kind, name and weight of each model that Civitai names."""
    try:
        resources = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return []
    named = [one for one in resources if isinstance(one, Mapping)] if isinstance(resources, list) else []
    return [
        (str(one.get("type", "")).lower(), name, one.get("weight", 1))
        for one in named
        if isinstance(name := one.get("modelName"), str)
    ]
