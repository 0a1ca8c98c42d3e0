"""Where an asset's files lie, and moving them there so that a power cut leaves the old place or the new one."""

import errno
import os
import re
import shutil
import unicodedata
from pathlib import Path

from data import DataFolder

TITLE_LENGTH = 120
NAME_LENGTH = 80
NAME_BYTES = 200
"""How long the name of a file that people save may be: with suffix and a number, systems take 255 bytes."""
THUMB = ".thumb.webp"
"""How the name of every thumbnail ends."""
PART = ".part"
"""How the name of a file ends that is still being copied."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,11}")


def main_file(data: DataFolder, owner_id: str, asset_id: str, name: str) -> Path:
    """The place of an asset's file, with the suffix of ``name``. Raises ValueError for an odd one."""
    suffix = Path(name).suffix.lower()
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"a result file needs a plain suffix: {name!r}")
    return data.user(owner_id) / f"{asset_id}{suffix}"


def thumb_file(data: DataFolder, owner_id: str, asset_id: str) -> Path:
    """The place of an asset's thumbnail."""
    return data.user(owner_id) / f"{asset_id}{THUMB}"


def move(source: Path, target: Path) -> None:
    """Move a finished file, flushed to disk first. Does nothing where an earlier try already moved it.

    Raises FileNotFoundError when it lies in neither place.
    """
    if not source.exists() and target.exists():
        return
    sync(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    rename(source, target)


def rename(source: Path, target: Path) -> None:
    """Give a file another place, in one step; ``target`` is replaced. Folders may lie on different disks.

    Raises OSError; then the file is where it was.
    """
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target)
        source.unlink()


def _copy_over(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}{PART}")
    try:
        shutil.copy2(source, part)
        sync(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def short_title(text: str) -> str:
    """A title on one line, at most 120 characters, in one spelling (NFC)."""
    valid = text.encode("utf-8", "replace").decode()  # half a surrogate pair fits into no file
    line = unicodedata.normalize("NFC", " ".join(valid.split()))
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
