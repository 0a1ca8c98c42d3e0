"""Inspect a file that may be a LoRA: refuse it, or return its family, trigger words and rank."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from engines.loras import compatibility, families, layouts, metadata
from engines.loras.facts import LoraFacts
from engines.media.files import title_of
from engines.weights.safetensors_header import not_finite, read_header
from errors import StudioError

SUFFIX, MIME = ".safetensors", "application/vnd.safetensors"

_PICKLE = re.compile(rb"^\x80[\x02-\x05]")
_HEAD = 4096


class Inspection(NamedTuple):
    """An inspected LoRA. ``family`` is None if it is unknown; ``facts`` then say why."""

    family: str | None
    facts: LoraFacts


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, as older programs store weights; opening one can run any code."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # torch writes a ZIP file with this first entry; a malicious directory at its end could fill the memory
    return bool(_PICKLE.match(head)) or (head.startswith(b"PK\x03\x04") and b"data.pkl" in head)


def refuse_pickle(shown: str) -> StudioError:
    """Return the error for a pickle."""
    return StudioError(
        "pickle",
        f"{shown} was not opened.",
        "It is a pickle. Such files can run programs when they are opened.",
        "Use the same weights as safetensors.",
        status=415,
    )


def inspect_lora(path: Path, name: str, *, thorough: bool = True) -> Inspection:
    """Inspect a weight file as a LoRA; ``name`` is its original name. ``thorough`` checks every value once.

    Raises StudioError damaged_weights, not_a_lora, not_finite (422).
    """
    header = read_header(path)
    shapes = {key: tensor.shape for key, tensor in header.tensors.items()}
    if not compatibility.belongs(shapes):
        raise _no_lora(name, shapes)
    if thorough and (wrong := not_finite(path, header)):
        raise StudioError(
            "not_finite",
            f"{_shown(name)} is broken: it contains NaN or infinite values.",
            f"The first are in “{wrong[:120]}”. Pictures made with it would be black.",
            "Use another version, from an earlier step of its training.",
            status=422,
        )
    modules = layouts.modules(shapes)
    family = families.family(modules, header.metadata)
    verdict = compatibility.judge(path, header, family)
    ranks = Counter(
        shape[0] for key, shape in shapes.items() if (part := layouts.part(key)) and layouts.is_down(part) and shape
    )
    facts = LoraFacts(
        name=metadata.title(header.metadata, title_of(name)),
        triggers=metadata.triggers(header.metadata),
        rank=ranks.most_common(1)[0][0] if ranks else None,
        base_model=metadata.base_model(header.metadata),
        layout=layouts.layout(shapes),
        encoders=any(part.encoder for part in map(layouts.part, shapes) if part),
        obstacle=verdict.obstacle,
        note=verdict.note,
    )
    return Inspection(family, facts)


def _no_lora(name: str, shapes: dict[str, tuple[int, ...]]) -> StudioError:
    if not shapes:
        return StudioError(
            "not_a_lora",
            f"{_shown(name)} is empty.",
            "It has a header but no weights.",
            "Choose another file.",
            status=422,
        )
    return StudioError(
        "not_a_lora",
        f"{_shown(name)} is not a LoRA.",
        "It is a model, or a part of a model.",
        "Add models on the Models page.",
        status=422,
    )


def _shown(name: str) -> str:
    return f"“{name[:80]}”" if name else "The file"
