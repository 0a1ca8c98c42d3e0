"""Adds files to the library after inspecting them."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from api.plain_json import has_reserved, is_plain
from auth.accounts.principal import Principal
from data import DataFolder
from db import new_id
from engines.requests import AssetFacts, from_storage
from errors import StudioError
from library.assets import MASK
from library.bulk_edit import label
from library.views import AssetView, NewAsset
from studio import Studio

if TYPE_CHECKING:
    from engines.media.intake import InspectedFile

RECORD_BYTES = 1024 * 1024
"""A longer record in a file is not one of ours."""
_MOST_PARENTS = 100
_SUBTITLES = {".srt": "application/x-subrip", ".vtt": "text/vtt"}


class Recovery(NamedTuple):
    """A file that lost its entry: its old id ("" if unknown), and the ids recovered for the same person."""

    asset_id: str
    others: frozenset[str] = frozenset()


def incoming(data: DataFolder) -> Path:
    """Return the folder for files being uploaded; what a crash leaves there is deleted a day later."""
    folder = data.uploads / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def take_file(
    studio: Studio,
    who: Principal,
    path: Path,
    name: str,
    project_id: str | None = None,
    source: str | None = None,
    sample: Path | None = None,
    recovery: Recovery | None = None,
) -> AssetView:
    """Create an asset from a file, which stays in place. ``name`` is its original name, ``source`` where it comes from.

    ``sample`` is a picture that shows its effect, ``recovery`` describes a file that lost its entry. The type is
    determined from the content; a record in the file (if made here) is kept. Raises StudioError for unusable files and
    unknown projects.
    """
    from engines.media import intake
    from engines.media.files import title_of

    if project_id is not None:
        studio.library.require_project(who, project_id)
    inspected = intake.inspect(path, name)
    if recovery:
        inspected = _original_title(inspected, path)
    record = _record(path)
    stem = incoming(studio.data) / new_id()
    target, thumb = stem.with_suffix(inspected.suffix), stem.with_suffix(".thumb.webp")
    try:
        link(path, target)
        new = NewAsset(
            file=target.name,
            thumb=thumb.name if _thumbnail(target, inspected.facts, sample, thumb) else None,
            title=inspected.facts.title or title_of(name) or "untitled",
            content_sha256=_pixels(path) if record and inspected.facts.kind == "image" else inspected.content_sha256,
            provenance=record,
            source=label(source),
            step=label(source) == MASK,
            parents=tuple(_parents(studio, who, record, recovery)) if recovery and record else (),
            badge=_badge(record) if recovery and record else "",
            **inspected.facts.model_dump(exclude={"bytes", "title"}),
        )
        return studio.library.take_upload(
            who, target, new=new, project_id=project_id, asset_id=recovery.asset_id if recovery else ""
        )
    finally:
        target.unlink(missing_ok=True)
        thumb.unlink(missing_ok=True)


def _original_title(inspected: "InspectedFile", path: Path) -> "InspectedFile":
    """Restore the type of a file by its name in the data folder, which tells subtitles from other texts."""
    facts, suffix = inspected.facts, path.suffix or inspected.suffix
    if facts.kind == "document" and (mime := _SUBTITLES.get(suffix)):
        facts = facts.model_copy(update={"kind": "subtitles", "mime": mime})
    return inspected._replace(facts=facts, suffix=suffix)


def _parents(studio: Studio, who: Principal, record: dict[str, Any], recovery: Recovery) -> Iterator[str]:
    """Yield the parents of a file that this person can see or that are recovered with it."""
    for id in record.get("parents", ())[:_MOST_PARENTS]:
        with suppress(StudioError):
            yield id if id in recovery.others else studio.library.get(who, id, deleted=True).id


def _badge(record: dict[str, Any]) -> str:
    """Return what the recorded request changed; empty if its request is unknown."""
    try:
        return from_storage(record["request"]).badge
    except (StudioError, ValueError, TypeError, KeyError):
        return ""


def _thumbnail(path: Path, facts: AssetFacts, sample: Path | None, out: Path) -> bool:
    """Write a file's thumbnail: from the sample, if there is one."""
    from engines.media import intake

    shown = sample is not None and intake.thumbnail(sample, facts.model_copy(update={"kind": "image"}), out)
    return shown or intake.thumbnail(path, facts, out)


def _pixels(path: Path) -> str:
    """Return the hash a picture made here had, so that reproducing it can be compared."""
    from engines.media.picture import LARGE, open_picture, pixels_sha256

    with LARGE:
        return pixels_sha256(open_picture(path))


def link(path: Path, target: Path) -> None:
    """Create a hard link to a file, or a copy if the file system cannot."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _record(path: Path) -> dict[str, Any] | None:
    """Return the generation record in a file; None for one of another program or one that cannot be passed on."""
    from engines.media import intake
    from engines.provenance import Record

    try:
        record = intake.read_provenance(path)
        if record is None or len(json.dumps(record)) > RECORD_BYTES:
            return None
        Record.model_validate(record)
    except (RecursionError, ValidationError):
        return None
    return record if is_plain(record) and not has_reserved(record) else None
