"""Decide from a LoRA's header what cannot be used, in the same way at the upload and at use."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from engines.loras import layouts
from engines.loras.layouts import LayerName
from engines.weights.safetensors_header import FRACTIONS, Header, is_zero

_UNDOABLE = "It is a LyCORIS (LoHa, LoKr, OFT), which cannot be removed from a model after use."
_RESHAPES = "It is a control LoRA, which changes the shape of the model."
_REPLACES = "It also replaces norms or whole weights (“diff”), which cannot be removed from a model after use."
_HALVED = "The file is incomplete: “{}” has only one of its two matrices."
_UNFIT = "The file is damaged: the two matrices of “{}” do not match."
_NO_FRACTIONS = "Its weights are stored as {} instead of floating-point numbers."
_PARTLY_DORA = "Only some of its layers are a DoRA; the studio supports all or none."
_JOINED_DORA = "It is a DoRA with fused layers, which cannot be split for this model."
_INWARD_DORA = "It is a DoRA that normalizes the inputs of its layers; the studio only supports normalized outputs."
_READS_ONLY = "It only changes the text encoder, so its model family cannot be detected."
_UNKNOWN = "It changes layers of an unknown model."
_CONTROL_WIDTHS = (96, 128, 320, 384)
"""Input widths of FLUX.1 with a control picture or a mask; without one it is 64."""
_EMBEDDING = re.compile(r"^bundle_emb\.([^.]{1,80})\.")
"""Embeddings that were trained with a LoRA, as OneTrainer stores them in its file."""
_JOINED = re.compile(
    r"^((double|single|joint)_blocks_\d+_|(layers|noise_refiner|context_refiner)_\d+_attention_(qkv|out)$)"
)
"""Layers that combine several of the model's layers, or need more than renaming."""
_ENCODERS = {
    "sd15": ("text_encoder",),
    "sd2": ("text_encoder",),
    "sdxl": ("text_encoder", "text_encoder_2"),
    "sd3": ("text_encoder", "text_encoder_2"),
    "flux1": ("text_encoder",),
}
"""The text encoders that accept LoRAs, by family."""


class Verdict(NamedTuple):
    """Why a LoRA cannot be used (``obstacle``), or which parts of it are ignored (``note``); else empty."""

    obstacle: str = ""
    note: str = ""


def belongs(names: Iterable[str]) -> bool:
    """Whether tensor names belong to a LoRA: at least half of them change a layer."""
    named = [name for name in names if not _EMBEDDING.match(name)]
    parts = sum(layouts.part(name) is not None for name in named)
    return parts > 0 and parts * 2 >= len(named)


def judge(path: Path, header: Header, family: str | None) -> Verdict:
    """Return why the LoRA at ``path`` cannot be used, and which parts of it are ignored."""
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


def _replaced(path: Path, header: Header, parts: Mapping[str, LayerName]) -> int:
    """Count the layers with whole-weight changes, except for biases of a pair and for zeros."""
    pairs = {(part.encoder, part.module) for part in parts.values() if layouts.is_down(part)}
    names_found = [
        name
        for name, part in parts.items()
        if part.ending in layouts.REPLACED and not (part.ending == "diff_b" and (part.encoder, part.module) in pairs)
    ]
    return sum(not is_zero(path, header.tensors[name]) for name in names_found)


def _halved(parts: Mapping[str, LayerName]) -> str:
    downs = {(part.encoder, part.module) for part in parts.values() if layouts.is_down(part)}
    ups = {(part.encoder, part.module) for part in parts.values() if layouts.is_up(part)}
    alone = sorted(module for _, module in downs ^ ups)
    return _HALVED.format(alone[0][:120]) if alone else ""


def _unfit(header: Header, parts: Mapping[str, LayerName]) -> str:
    """Return the error of a pair of matrices with different ranks or without floating-point values; empty if none."""
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


def _dora(header: Header, parts: Mapping[str, LayerName]) -> str:
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


def _left_out(header: Header, parts: Mapping[str, LayerName], replaced: int, family: str) -> str:
    """Return sentences about the parts of a usable LoRA that are ignored."""
    sentences = []
    embeddings = sorted({match[1] for name in header.tensors if (match := _EMBEDDING.match(name))})
    if embeddings:
        sentences.append(f"The embeddings trained with it ({', '.join(embeddings[:4])}) are not used.")
    encoders = {part.encoder for part in parts.values() if part.encoder} - set(_ENCODERS.get(family, ()))
    if encoders:
        sentences.append("Its text encoder weights are not used: the model's text encoder does not support LoRAs.")
    if replaced:
        sentences.append(f"Its changes to {replaced} norms or biases are not used.")
    if other := len(header.tensors) - len(parts) - sum(bool(_EMBEDDING.match(name)) for name in header.tensors):
        sentences.append(f"{other} of its tensors are of an unknown kind and are not used.")
    return " ".join(sentences)
