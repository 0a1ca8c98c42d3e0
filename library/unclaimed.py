"""Files without a row in the database, left after a restored, replaced or lost database, or a crash.

They are in people's folders, or are finished results of jobs that the database does not know. They stay there until
someone recovers them into the library: their provenance is stored inside the files.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter

from data import DataFolder
from library.adopt import result_id
from library.files import PART, PROXY, THUMB

_GRACE_SECONDS = 600.0
"""A newer file may be about to get its row."""
_RESULT = "result.json"
"""The list of an attempt's files, written last: once it exists, the attempt is complete."""
_ID = re.compile(r"[0-9a-f]{32}")
_ATTEMPT = re.compile(r"([0-9a-f]{32})-(\d+)")

Read = Callable[[str], Iterable[Sequence[Any]]]
"""Runs a query on the studio's database."""


class _Named(BaseModel):
    file: str


_NAMES = TypeAdapter(tuple[_Named, ...])


class Unclaimed(NamedTuple):
    """A file without a row: its owner and its former asset id; each is "" if unknown."""

    path: Path
    owner_id: str
    asset_id: str
    bytes: int


def unclaimed(data: DataFolder, read: Read) -> list[Unclaimed]:
    """Every file without a row, in order of name; thumbnails and proxies are not counted."""
    rows = list(read("SELECT id, file FROM assets"))
    ids, files = {row[0] for row in rows}, {row[1] for row in rows}
    own = [one for one in _of_people(data) if str(one.path.relative_to(data.root)) not in files]
    ids |= {one.asset_id for one in own}
    return own + [one for one in _of_jobs(data, read) if one.asset_id not in ids]


def forget(data: DataFolder, asset_ids: Unclaimed, now: Path) -> None:
    """Remove a recovered file from its old path, unless it is still the current one (``now``).

    The folder of a job is removed with its last file.
    """
    beside = ((asset_ids.path.with_suffix(ending), now.with_suffix(ending)) for ending in (THUMB, PROXY))
    for old, new in ((asset_ids.path, now), *beside):
        if old != new:
            old.unlink(missing_ok=True)
    folder = asset_ids.path.parent
    if folder.parent == data.work and not any((folder / name).exists() for name in _results(folder)):
        shutil.rmtree(folder, ignore_errors=True)


def _of_people(data: DataFolder) -> Iterator[Unclaimed]:
    for folder in _inside(data.users):
        if folder.is_dir() and not folder.is_symlink():
            for path in _inside(folder):
                if not path.name.endswith((THUMB, PROXY, PART)) and _is_old_file(path):
                    id = path.stem if _ID.fullmatch(path.stem) else ""
                    yield Unclaimed(path, folder.name, id, path.lstat().st_size)


def _of_jobs(data: DataFolder, read: Read) -> Iterator[Unclaimed]:
    """Files of the latest complete attempt of each job that the database does not know."""
    names = (match for path in _inside(data.work) if (match := _ATTEMPT.fullmatch(path.name)))
    complete = sorted((match[1], int(match[2])) for match in names if (data.work / match[0] / _RESULT).is_file())
    attempts = {job_id: data.job(job_id, attempt) for job_id, attempt in complete}
    known = {row[0] for row in read("SELECT id FROM jobs")} if attempts else set()
    for job_id, folder in attempts.items():
        for n, name in enumerate(_results(folder) if job_id not in known else ()):
            if _is_old_file(folder / name):
                yield Unclaimed(folder / name, "", result_id(job_id, n), (folder / name).stat().st_size)


def _results(folder: Path) -> tuple[str, ...]:
    """The names of an attempt's files, the main one first; empty if the list cannot be read."""
    try:
        names = tuple(one.file for one in _NAMES.validate_json((folder / _RESULT).read_bytes()))
    except (OSError, ValueError):
        return ()
    return names if all(name == Path(name).name for name in names) else ()


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_old_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and path.lstat().st_ctime < time.time() - _GRACE_SECONDS
    except OSError:  # it was just deleted
        return False
