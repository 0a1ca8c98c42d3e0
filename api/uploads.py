"""Bringing a file into the library: looked at first, then kept."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from api.plain import has_reserved, is_plain
from auth.principal import Principal
from data import DataFolder
from db import new_id
from engines.requests import AssetFacts
from errors import StudioError
from library.assets import MASK
from library.marks import label
from library.views import AssetView, NewAsset
from studio import Studio

if TYPE_CHECKING:
    from engines.media.intake import Inspected

RECORD_BYTES = 1024 * 1024
"""A longer record of a file's making is not one of ours."""
_MOST_PARENTS = 100
_SUBTITLES = {".srt": "application/x-subrip", ".vtt": "text/vtt"}


class Recovery(NamedTuple):
    """A file that lost its entry: the id it had, "" for an unknown one, and those recovered for the same person."""

    asset_id: str
    others: frozenset[str] = frozenset()


def incoming(data: DataFolder) -> Path:
    """The folder of files on their way in; what a crash leaves there is swept out a day later."""
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
    """Make an asset of a file, which stays where it is. ``name`` is what it was called, ``source`` where it is from.

    ``sample`` is a picture that shows what it does, ``recovery`` what is known of a file that lost its entry. What the
    file is, is read from its content; a record of its making in it (a file made here) is kept. Raises StudioError for
    files that cannot be used and for unknown projects.
    """
    from engines.media import intake
    from engines.media.files import title_of

    if project_id is not None:
        studio.library.require_project(who, project_id)
    inspected = intake.inspect(path, name)
    if recovery:
        inspected = _as_it_was(inspected, path)
    record = _record(path)
    stem = incoming(studio.data) / new_id()
    kept, thumb = stem.with_suffix(inspected.suffix), stem.with_suffix(".thumb.webp")
    try:
        link(path, kept)
        new = NewAsset(
            file=kept.name,
            thumb=thumb.name if _face(kept, inspected.facts, sample, thumb) else None,
            title=inspected.facts.title or title_of(name) or "untitled",
            content_sha256=_pixels(path) if record and inspected.facts.kind == "image" else inspected.content_sha256,
            provenance=record,
            source=label(source),
            step=label(source) == MASK,
            parents=tuple(_parents(studio, who, record, recovery)) if recovery and record else (),
            **inspected.facts.model_dump(exclude={"bytes", "title"}),
        )
        return studio.library.take_upload(
            who, kept, new=new, project_id=project_id, asset_id=recovery.asset_id if recovery else ""
        )
    finally:
        kept.unlink(missing_ok=True)
        thumb.unlink(missing_ok=True)


def _as_it_was(inspected: "Inspected", path: Path) -> "Inspected":
    """What a file was under the name it has in the data folder: there, a subtitle file is no other text."""
    facts, suffix = inspected.facts, path.suffix or inspected.suffix
    if facts.kind == "document" and (mime := _SUBTITLES.get(suffix)):
        facts = facts.model_copy(update={"kind": "subtitles", "mime": mime})
    return inspected._replace(facts=facts, suffix=suffix)


def _parents(studio: Studio, who: Principal, record: dict[str, Any], recovery: Recovery) -> Iterator[str]:
    """What a file was made from, as far as that is there for this person, or recovered with it."""
    for id in record.get("parents", ())[:_MOST_PARENTS]:
        with suppress(StudioError):
            yield id if id in recovery.others else studio.library.get(who, id, deleted=True).id


def _face(path: Path, facts: AssetFacts, sample: Path | None, out: Path) -> bool:
    """Write the picture that stands for a file: a sample of what it does, where there is one."""
    from engines.media import intake

    shown = sample is not None and intake.thumbnail(sample, facts.model_copy(update={"kind": "image"}), out)
    return shown or intake.thumbnail(path, facts, out)


def _pixels(path: Path) -> str:
    """The hash that a picture made here had then, so that making it again can be compared."""
    from engines.media.picture import LARGE, open_picture, pixels_sha256

    with LARGE:
        return pixels_sha256(open_picture(path))


def link(path: Path, target: Path) -> None:
    """A second name for a file; a copy where the disk cannot do that."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _record(path: Path) -> dict[str, Any] | None:
    """The record of its making in a file; None for one of another program, and for one that could not be sent on."""
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
