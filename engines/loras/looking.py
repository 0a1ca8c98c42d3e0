"""What a file is that may be a LoRA: refused in one sentence, or known by its family, words and rank."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from engines.loras import families, layouts, obstacles, told
from engines.loras.facts import LoraFacts
from engines.loras.header import not_finite, read_header
from engines.media.files import title_of
from errors import StudioError

SUFFIX, MIME = ".safetensors", "application/vnd.safetensors"

_PICKLE = re.compile(rb"^\x80[\x02-\x05]")
_HEAD = 4096


class Look(NamedTuple):
    """What a LoRA is; ``family`` None where it is not known, and then ``facts`` tell why."""

    family: str | None
    facts: LoraFacts


def is_pickle(path: Path) -> bool:
    """Whether a file is one of Python's, as older programs keep weights: opening it could run anything."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # torch writes a zip whose first entry is this one; the list at a zip's end may be made to fill the memory
    return bool(_PICKLE.match(head)) or (head.startswith(b"PK\x03\x04") and b"data.pkl" in head)


def refuse_pickle(shown: str) -> StudioError:
    """What is said of a pickle."""
    return StudioError(
        "pickle",
        f"{shown} is not opened here.",
        "It is a pickle, and such files can run programs when they are opened.",
        "Take the same weights as safetensors.",
        status=415,
    )


def look(path: Path, name: str, *, thorough: bool = True) -> Look:
    """What a file of weights is, as a LoRA; ``name`` is what it was called. ``thorough`` reads every number once.

    Raises StudioError damaged_weights, not_a_lora, not_finite (422) for what cannot be kept as one.
    """
    header = read_header(path)
    shapes = {key: tensor.shape for key, tensor in header.tensors.items()}
    if not obstacles.belongs(shapes):
        raise _no_lora(name, shapes)
    if thorough and (wrong := not_finite(path, header)):
        raise StudioError(
            "not_finite",
            f"{_shown(name)} is broken: it holds numbers that are none.",
            f"The first are in “{wrong[:120]}”; pictures made with it would be black.",
            "Take another of its versions, from earlier in its training.",
            status=422,
        )
    modules = layouts.modules(shapes)
    family = families.family(modules, header.metadata)
    verdict = obstacles.judge(path, header, family)
    ranks = Counter(
        shape[0] for key, shape in shapes.items() if (part := layouts.part(key)) and layouts.is_down(part) and shape
    )
    facts = LoraFacts(
        name=told.title(header.metadata, title_of(name)),
        triggers=told.triggers(header.metadata),
        rank=ranks.most_common(1)[0][0] if ranks else None,
        base_model=told.base_model(header.metadata),
        layout=layouts.layout(shapes),
        encoders=any(part.encoder for part in map(layouts.part, shapes) if part),
        obstacle=verdict.obstacle,
        note=verdict.note,
    )
    return Look(family, facts)


def _no_lora(name: str, shapes: dict[str, tuple[int, ...]]) -> StudioError:
    if not shapes:
        return StudioError("not_a_lora", f"{_shown(name)} is empty.", "It has a header and no weights.", status=422)
    return StudioError(
        "not_a_lora",
        f"{_shown(name)} is no LoRA.",
        "It holds a whole model, or a part of one, and not changes to one.",
        "Add models on the Models page.",
        status=422,
    )


def _shown(name: str) -> str:
    return f"“{name[:80]}”" if name else "The file"
