"""Reproduce an asset from its provenance, and say whether the result is identical."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engines import protocol
from engines.diffusion.accelerate import TILED_DECODING
from engines.requests import FetchLora, FetchModel, Request, from_storage
from errors import StudioError
from library.tables import Asset
from library.views import AssetView

SAME = "identical to the original"
OTHER = "differs from the original"

_STAGES = {"text_encode": "reading", "denoise": "painting"}
"""The stages whose precision changes a result, and their names in records from before 0.5."""


def request_of(asset: AssetView) -> Request:
    """The request that made an asset, with its original seed and model. Raises StudioError no_provenance."""
    record = asset.provenance or {}
    asked = record.get("request")
    if not isinstance(asked, dict):
        raise _no_provenance(asset)
    model = record.get("model")  # a record from outside may hold anything
    known = {"seed": record.get("seed"), "model": model.get("id") if isinstance(model, dict) else None}
    missing = {name: value for name, value in known.items() if value is not None and asked.get(name) is None}
    request = from_storage({**asked, **missing})
    if asset.origin == "upload" and isinstance(request, FetchModel | FetchLora):
        raise _no_provenance(asset)  # a file from outside that would start a download
    return request


def pinned_plan(session: Session, parent: str | None) -> protocol.Pinned:
    """The precisions used for the asset that a job reproduces; empty if there is none, or no record of them."""
    original = session.get(Asset, parent) if parent else None
    return _recorded_plan(original.provenance if original else None)


def _recorded_plan(record: dict[str, Any] | None) -> protocol.Pinned:
    plan = (record or {}).get("plan")
    if not isinstance(plan, dict):  # a record from outside may hold anything
        return protocol.Pinned()
    found = {stage: plan.get(stage, plan.get(old)) for stage, old in _STAGES.items()}
    found |= {stage: known for stage, known in plan.items() if stage.startswith("denoise_")}  # further denoisers
    known = {name: stage.get("precision") for name, stage in found.items() if isinstance(stage, dict)}
    stages = {name: precision for name, precision in known.items() if isinstance(precision, str)}
    version = plan.get("version")
    decode = plan.get("decode")
    accelerated = decode.get("accelerated") if isinstance(decode, dict) else None
    return protocol.Pinned(
        stages=stages,
        version=version if isinstance(version, str) else "",
        tiled=isinstance(accelerated, list) and TILED_DECODING in accelerated,
    )


def _no_provenance(asset: AssetView) -> StudioError:
    return StudioError(
        "no_provenance",
        f"“{asset.title}” has no record of how it was made.",
        "Only results made in the studio can be reproduced.",
        status=422,
    )


def verdict(session: Session, job_id: str, parent: str | None) -> str:
    """Whether a finished job reproduced its parent asset; empty if it has none.

    Pixels, frames or samples are compared, not files: the same picture in another file format is identical.
    """
    original = session.get(Asset, parent) if parent else None
    if original is None:
        return ""
    hashes = select(Asset.content_sha256).where(Asset.job_id == job_id, Asset.kind == original.kind)
    return (
        SAME
        if original.content_sha256 in set(session.scalars(hashes))
        else f"{OTHER}: {_why(session, job_id, original)}"
    )


def _why(session: Session, job_id: str, original: Asset) -> str:
    """The known difference between an asset and its copy."""
    copy = session.scalar(
        select(Asset).where(Asset.job_id == job_id, Asset.kind == original.kind).order_by(Asset.created_at.desc())
    )
    if copy is None:
        return f"no {original.kind} was made"
    if (copy.width, copy.height) != (original.width, original.height):
        return "different size"
    then, now = original.provenance or {}, copy.provenance or {}
    if then.get("studio") != now.get("studio"):
        return "made with another version of the studio"
    if then.get("model") != now.get("model"):
        return "made with another version of the model"
    before, after = _recorded_plan(then), _recorded_plan(now)
    if before != after:
        return f"made in {_precision(after)}, the original in {_precision(before)}"
    if _accelerations(then) != _accelerations(now):
        return "made with other accelerations"
    return "this machine differs slightly from the one used then"


def _accelerations(record: dict[str, Any]) -> dict[str, Any]:
    """What made each stage of a recorded plan faster."""
    plan = record.get("plan")
    stages = plan.items() if isinstance(plan, dict) else ()
    return {name: stage["accelerated"] for name, stage in stages if isinstance(stage, dict) and "accelerated" in stage}


def _precision(pinned: protocol.Pinned) -> str:
    """“bfloat16”, “int8”, “gguf (qwen-image-q4_0)”; the text encoder's precision only if it differs."""
    denoisers = [precision for stage, precision in pinned.stages.items() if stage.startswith("denoise")]
    denoised, encoded = " and ".join(dict.fromkeys(denoisers)), pinned.stages.get("text_encode", "")
    version = f" ({pinned.version})" if pinned.version else ""
    other = f" (text encoder in {encoded})" if encoded not in ("", denoised) else ""
    tiled = " (decoded in tiles)" if pinned.tiled else ""
    return f"{denoised or 'an unknown precision'}{version}{other}{tiled}"
