"""The memory plan of a job: form, plan and engine all compute a request's memory here."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engines import protocol
from engines.catalog import Catalog, Entry
from engines.diffusion import registry
from engines.diffusion.stages import DENOISE, Stage, Workload
from engines.diffusion.video_family import VideoFamily
from engines.memory.plan import MemoryBudget, Plan, Precisions, StageNeeds, plan
from engines.requests import AssetFacts, CreateClip, CreateImage, EditImage, PromptRequest
from engines.requests.change_clip import ChangeClip, used_seconds
from engines.weights import sizes
from engines.weights.part_weights import (
    PartWeights,
    half_precision,
    holds_weights,
    part_weights,
    whole_weights,
)
from errors import StudioError

_USUAL_PIXELS = 512 * 512
_FREE = protocol.Pinned()


def plannable(entry: Entry) -> bool:
    """Whether an entry's model is a diffusion model of a supported family."""
    try:
        registry.of(entry)
    except StudioError:
        return False
    return True


def usual_workload(entry: Entry) -> Workload:
    """Return the workload of one picture or clip at the model's best size."""
    family = registry.of(entry)
    if not isinstance(family, VideoFamily):
        return Workload(entry=entry, width=entry.pixels or _USUAL_PIXELS, height=1)
    return _clip(family, entry, *_usual_size(entry), entry.defaults.get("seconds", _default("seconds")))


def _usual_size(entry: Entry) -> tuple[int, int]:
    """Return the width and height of a model's usual clip; a square of its best area if it only animates pictures."""
    if entry.pixels and "create_clip" not in entry.tasks:
        return math.isqrt(entry.pixels), math.isqrt(entry.pixels)
    return entry.defaults.get("width", _default("width")), entry.defaults.get("height", _default("height"))


def _default(field: str) -> Any:
    return CreateClip.model_fields[field].default


def workload(
    request: PromptRequest,
    entry: Entry,
    catalog: Catalog,
    facts: Mapping[str, AssetFacts],
    auxiliary_models: Sequence[Entry],
) -> Workload:
    """Return the workload of one picture or clip of a request, before its files are opened; ``facts`` are those of its
    assets, as far as they are known.

    When a picture is changed or animated, the model works at its best area, whatever the picture's shape.
    """
    family, usual = registry.of(entry), usual_workload(entry)
    if isinstance(family, VideoFamily):
        size = (request.width, request.height) if isinstance(request, CreateClip) else _usual_size(entry)
        if isinstance(request, ChangeClip):
            result = _clip(family, entry, *size, used_seconds(request, facts))
            result = replace(result, source_frames=result.frames)
        else:
            result = _clip(family, entry, *size, getattr(request, "seconds", 0))
    elif isinstance(request, CreateImage):
        scale = int(entry.options.get("enlarge_by", 1))
        result = replace(usual, width=request.width // scale, height=request.height // scale)
    else:
        result = usual
    pictures = len(request.all_references) + isinstance(request, EditImage)
    loras = [facts[use.asset] for use in request.all_loras if use.asset in facts]
    return with_loras(replace(result, pictures=pictures, auxiliary_models=tuple(auxiliary_models)), catalog, loras)


def _clip(family: VideoFamily, entry: Entry, width: int, height: int, seconds: float) -> Workload:
    scale = int(entry.options.get("enlarge_by", 1))
    # Longer clips are made in windows.
    frames = family.frames(entry, min(float(seconds), entry.bounds.get("seconds", (0, math.inf, 0))[1]))
    return Workload(entry=entry, width=int(width) // scale, height=int(height) // scale, frames=frames)


def with_loras(workload: Workload, catalog: Catalog, loras: Sequence[AssetFacts]) -> Workload:
    """Return the workload including the bytes of LoRAs and of its helpers' files."""
    leased = {part for stage in registry.of(workload.entry).stages(workload) for part in stage.parts}
    files = [
        _bytes_of(name, one, catalog)
        for one in workload.auxiliary_models
        for name, part in one.parts.items()
        if part.file and name not in leased
    ]
    return replace(
        workload,
        encoder_bytes=sum(one.bytes for one in loras if one.lora and one.lora.encoders),
        denoiser_bytes=sum(one.bytes for one in loras) + sum(files),
    )


def _bytes_of(name: str, entry: Entry, catalog: Catalog) -> int:
    """Return the size in bytes of a helper model's part; 0 if unknown."""
    path = catalog.path_of(entry.parts[name])
    if path.exists():
        return sizes.weight_bytes(path)
    return entry.part_memory.get(name, 0) or entry.memory.get(half_precision(entry) or "", 0) // len(entry.parts)


def stage_needs(
    workload: Workload,
    catalog: Catalog,
    weights_of: Callable[[str, Entry, Catalog], PartWeights | None] = part_weights,
) -> list[StageNeeds]:
    """Return what each stage of a workload leases, and its memory. If the size of a part is unknown, all weights count
    as one part of the denoise stage.

    Raises StudioError if a file is damaged.
    """
    entry, stages = workload.entry, registry.of(workload.entry).stages(workload)
    found = {
        name: weights_of(name, entry, catalog)
        for stage in stages
        for name in stage.parts
        if holds_weights(name) and name in entry.parts
    }
    known = {name: weights for name, weights in found.items() if weights is not None}
    if len(known) < len(found):
        working = max(stage.working_bytes for stage in stages)
        return [StageNeeds(DENOISE, {"weights": whole_weights(entry)}, working)]
    return list(_needs(workload, catalog, stages, known))


def _needs(
    workload: Workload, catalog: Catalog, stages: Sequence[Stage], known: Mapping[str, PartWeights]
) -> Iterator[StageNeeds]:
    for stage in stages:
        parts = {name: known[name] for name in stage.parts if name in known}
        share = round(stage.working_share * sum(one.bytes for one in parts.values()))
        auxiliary_parts = [
            (name, one) for one in workload.auxiliary_models for name in one.parts if name in stage.parts
        ]
        whole = sum(_bytes_of(name, one, catalog) for name, one in auxiliary_parts if holds_weights(name))
        if parts or stage.name == DENOISE:
            yield StageNeeds(stage.name, parts, stage.working_bytes + share, whole, stage.tiled_bytes)


def choose_plan(workload: Workload, catalog: Catalog, budget: MemoryBudget, pinned: protocol.Pinned = _FREE) -> Plan:
    """Choose the plan of a workload; if none fits, choose that of the largest installed quantization that fits.
    ``pinned`` choices that fit take precedence over better ones.

    Raises StudioError if a file is damaged.
    """
    installed = [one for one in catalog.quantizations(workload.entry) if catalog.installed(one)]
    for one in installed:
        if one.id == pinned.version and (same := _choose(workload, one, catalog, budget, pinned)).fits:
            return same.model_copy(update={"version": one.id})
    own = _choose(workload, workload.entry, catalog, budget, pinned)
    for one in () if own.fits else installed:
        if (plan := _choose(workload, one, catalog, budget)).fits:
            return plan.model_copy(update={"version": one.id})
    return own


def _choose(
    workload: Workload, entry: Entry, catalog: Catalog, budget: MemoryBudget, pinned: protocol.Pinned = _FREE
) -> Plan:
    needs = stage_needs(replace(workload, entry=entry), catalog)
    return plan(needs, precisions(entry), budget, pinned, entry.acceleration)


def precisions(entry: Entry) -> Precisions:
    """Return the compute precisions of an entry's parts."""
    family = registry.of(entry)
    return Precisions(half=half_precision(entry), vae=family.vae_dtype, vocoder=family.vocoder_dtype)
