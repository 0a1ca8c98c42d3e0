"""What of a LoRA cannot be used here, judged by its header alone: alike when it comes in and when it is used."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from engines.loras import layouts
from engines.loras.header import FRACTIONS, Header, is_zero
from engines.loras.layouts import Part

_UNDOABLE = "It is a LyCORIS (LoHa, LoKr, OFT), which a model cannot be rid of again after a picture."
_RESHAPES = "It is a control LoRA, which gives the model another shape."
_REPLACES = "It also replaces norms or whole weights (“diff”), which a model cannot be rid of again after a picture."
_HALVED = "Its file is incomplete: “{}” has only one half of its change."
_UNFIT = "Its file is damaged: the two halves of “{}” do not fit together."
_NO_FRACTIONS = "Its numbers are stored as {}, and not as fractions: no model can use them."
_PARTLY_DORA = "Only some of its layers are a DoRA, and a model takes all of them or none."
_JOINED_DORA = "It is a DoRA whose layers are joined, as its trainer does; it cannot be taken apart for this model."
_INWARD_DORA = "It is a DoRA that measures what goes into a layer; only those that measure what comes out can be used."
_READS_ONLY = "It changes how words are read and nothing of the painting, so that its family cannot be told."
_UNKNOWN = "It changes layers of no model that is known here."
_CONTROL_WIDTHS = (96, 128, 320, 384)
"""What goes into FLUX.1 with a drawing or a mask beside the picture; without one it is 64."""
_EMBEDDING = re.compile(r"^bundle_emb\.([^.]{1,80})\.")
"""Words that were trained beside a LoRA, as OneTrainer writes them into its file."""
_JOINED = re.compile(
    r"^((double|single|joint)_blocks_\d+_|(layers|noise_refiner|context_refiner)_\d+_attention_(qkv|out)$)"
)
"""Layers that are several of the model's own, or need more than another name."""
_ENCODERS = {
    "sd15": ("text_encoder",),
    "sd2": ("text_encoder",),
    "sdxl": ("text_encoder", "text_encoder_2"),
    "sd3": ("text_encoder", "text_encoder_2"),
    "flux1": ("text_encoder",),
}
"""The text encoders that take LoRAs, by family."""


class Verdict(NamedTuple):
    """Why a LoRA cannot be used (``obstacle``), or what of one that can is left out (``note``); else empty."""

    obstacle: str = ""
    note: str = ""


def belongs(names: Iterable[str]) -> bool:
    """Whether the tensors of a file are those of a LoRA: at least half of them change a layer."""
    named = [name for name in names if not _EMBEDDING.match(name)]
    parts = sum(layouts.part(name) is not None for name in named)
    return parts > 0 and parts * 2 >= len(named)


def judge(path: Path, header: Header, family: str | None) -> Verdict:
    """What is in the way of using a LoRA that lies at ``path``, and what of it is left out."""
    parts = {name: part for name in header.tensors if (part := layouts.part(name))}
    modules = layouts.modules({name: tensor.shape for name, tensor in header.tensors.items()})
    replaced = _replaced(path, header, parts)
    painting = {part.module for part in parts.values() if not part.encoder}
    if any(layouts.UNDOABLE.match(part.ending) for part in parts.values()):
        return Verdict(_UNDOABLE)
    if family == "flux1" and _reshapes(header, modules):
        return Verdict(_RESHAPES)
    if family is None:
        return Verdict(_UNKNOWN if painting else _READS_ONLY)
    if replaced and not family.startswith("wan"):
        return Verdict(_REPLACES)
    return Verdict(
        _halved(parts) or _unfit(header, parts) or _dora(header, parts), _left_out(header, parts, replaced, family)
    )


def _reshapes(header: Header, modules: Mapping[str, int | None]) -> bool:
    wider = any(modules.get(first, 0) in _CONTROL_WIDTHS for first in ("img_in", "x_embedder"))
    return wider or any(".query_norm." in name or ".key_norm." in name for name in header.tensors)


def _replaced(path: Path, header: Header, parts: Mapping[str, Part]) -> int:
    """How many layers have numbers added to them as a whole, but for a bias beside a pair, and for zeros."""
    pairs = {(part.encoder, part.module) for part in parts.values() if layouts.is_down(part)}
    found = [
        name
        for name, part in parts.items()
        if part.ending in layouts.REPLACED and not (part.ending == "diff_b" and (part.encoder, part.module) in pairs)
    ]
    return sum(not is_zero(path, header.tensors[name]) for name in found)


def _halved(parts: Mapping[str, Part]) -> str:
    downs = {(part.encoder, part.module) for part in parts.values() if layouts.is_down(part)}
    ups = {(part.encoder, part.module) for part in parts.values() if layouts.is_up(part)}
    alone = sorted(module for _, module in downs ^ ups)
    return _HALVED.format(alone[0][:120]) if alone else ""


def _unfit(header: Header, parts: Mapping[str, Part]) -> str:
    """What is wrong with a pair: its rank, which either half has as a side, or how its numbers are stored."""
    ranks: dict[tuple[str, str, str], set[int]] = {}
    for name, part in parts.items():
        if not layouts.is_down(part) and not layouts.is_up(part):
            continue
        dtype, shape, *_ = header.tensors[name]
        if dtype not in FRACTIONS:
            return _NO_FRACTIONS.format(dtype[:20])
        rank = shape[0 if layouts.is_down(part) else 1] if len(shape) > 1 else 0
        pair = (part.encoder, part.module, layouts.pair(part))
        ranks.setdefault(pair, set()).add(rank)
        if len(ranks[pair]) > 1 or not rank:
            return _UNFIT.format(part.module[:120])
    return ""


def _dora(header: Header, parts: Mapping[str, Part]) -> str:
    for painting in (True, False):
        own = {name: part for name, part in parts.items() if bool(part.encoder) is not painting}
        doras = {name: part for name, part in own.items() if part.ending in layouts.MAGNITUDES}
        if not doras:
            continue
        if {part.module for part in doras.values()} != {part.module for part in own.values()}:
            return _PARTLY_DORA
        if any(_JOINED.match(part.module) for part in doras.values()):
            return _JOINED_DORA
        if any((shape := header.tensors[name].shape)[:1] == (1,) and shape != (1,) for name in doras):
            return _INWARD_DORA
    return ""


def _left_out(header: Header, parts: Mapping[str, Part], replaced: int, family: str) -> str:
    """What of a usable LoRA no model here takes, in a sentence each."""
    said = []
    embeddings = sorted({found[1] for name in header.tensors if (found := _EMBEDDING.match(name))})
    if embeddings:
        said.append(f"The words trained with it ({', '.join(embeddings[:4])}) are not used.")
    encoders = {part.encoder for part in parts.values() if part.encoder} - set(_ENCODERS.get(family, ()))
    if encoders:
        said.append("Its changes to how words are read are not used: the model's text encoder takes no LoRAs.")
    if replaced:
        said.append(f"{replaced} norms or biases that it also changes stay as they are.")
    if other := len(header.tensors) - len(parts) - sum(bool(_EMBEDDING.match(name)) for name in header.tensors):
        said.append(f"{other} of its tensors are of a kind that is not known here, and are not used.")
    return " ".join(said)
