"""Making an asset again from what it carries about its making, and saying whether it came out the same."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engines import wire
from engines.requests import FetchLora, FetchModel, Request, from_storage
from errors import StudioError
from library.tables import Asset
from library.views import AssetView

SAME = "identical to the original"
OTHER = "differs from the original"


def request_of(asset: AssetView) -> Request:
    """The request an asset was made by, its seed and model as they were. Raises StudioError no_provenance."""
    record = asset.provenance or {}
    asked = record.get("request")
    if not isinstance(asked, dict):
        raise _untold(asset)
    model = record.get("model")  # a record from outside may say anything
    known = {"seed": record.get("seed"), "model": model.get("id") if isinstance(model, dict) else None}
    missing = {name: value for name, value in known.items() if value is not None and asked.get(name) is None}
    request = from_storage({**asked, **missing})
    if asset.origin == "upload" and isinstance(request, FetchModel | FetchLora):
        raise _untold(asset)  # a file from outside that would have a model fetched
    return request


def pinned(session: Session, parent: str | None) -> wire.Pinned:
    """How the model was kept for the asset that a job makes again; empty where it makes none again, or the record does
    not say."""
    original = session.get(Asset, parent) if parent else None
    return _kept(original.provenance if original else None)


def _kept(record: dict[str, Any] | None) -> wire.Pinned:
    plan = (record or {}).get("plan")
    if not isinstance(plan, dict):  # a record from outside may say anything
        return wire.Pinned()
    stages = {name: plan.get(name) for name in ("reading", "painting")}
    said = {name: stage.get("precision") for name, stage in stages.items() if isinstance(stage, dict)}
    said["version"] = plan.get("version")
    return wire.Pinned(**{name: value for name, value in said.items() if isinstance(value, str)})


def _untold(asset: AssetView) -> StudioError:
    return StudioError(
        "no_provenance",
        f"“{asset.title}” does not say how it was made.",
        "Only what was made in the studio can be made again.",
        status=422,
    )


def verdict(session: Session, job_id: str, parent: str | None) -> str:
    """Whether a finished job made its parent asset again; empty where it was not asked to.

    Frames, pixels or samples are compared, not files: the same picture in another wrapping is the same.
    """
    original = session.get(Asset, parent) if parent else None
    if original is None:
        return ""
    made = select(Asset.content_sha256).where(Asset.job_id == job_id, Asset.kind == original.kind)
    return (
        SAME if original.content_sha256 in set(session.scalars(made)) else f"{OTHER}: {_why(session, job_id, original)}"
    )


def _why(session: Session, job_id: str, original: Asset) -> str:
    """What is known to have changed between an asset and its copy."""
    copy = session.scalar(
        select(Asset).where(Asset.job_id == job_id, Asset.kind == original.kind).order_by(Asset.created_at.desc())
    )
    if copy is None:
        return f"no {original.kind} came out"
    if (copy.width, copy.height) != (original.width, original.height):
        return "another size"
    then, now = original.provenance or {}, copy.provenance or {}
    if then.get("studio") != now.get("studio"):
        return "made by another version of the studio"
    if then.get("model") != now.get("model"):
        return "made by another version of the model"
    before, after = _kept(then), _kept(now)
    if before != after:
        return f"made in {_precision(after)}, the original in {_precision(before)}"
    return "this machine works a little differently from the one then"


def _precision(kept: wire.Pinned) -> str:
    """“bfloat16”, “int8”, “gguf (qwen-image-q4_0)”; of what reads the words only where it is another."""
    painting = kept.painting or "an unknown precision"
    version = f" ({kept.version})" if kept.version else ""
    read = f" (words read in {kept.reading})" if kept.reading not in ("", kept.painting) else ""
    return f"{painting}{version}{read}"
