"""The paths of an asset's files, and moving files there safely even in a power cut."""

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
"""The maximum length of a saved file's name: with a suffix and a number it stays below the limit of 255 bytes."""
THUMB = ".thumb.webp"
"""The ending of every thumbnail's name."""
PROXY = ".proxy.mp4"
"""The ending of the names of small copies of clips that browsers cannot play."""
PART = ".part"
"""The ending of a file's name while it is being copied."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,11}")


def main_file(data: DataFolder, owner_id: str, asset_id: str, name: str) -> Path:
    """The path of an asset's file, with the suffix of ``name``. Raises ValueError for an invalid suffix."""
    suffix = Path(name).suffix.lower()
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"a result file needs a plain suffix: {name!r}")
    return data.user(owner_id) / f"{asset_id}{suffix}"


def thumb_file(data: DataFolder, owner_id: str, asset_id: str) -> Path:
    """The path of an asset's thumbnail."""
    return data.user(owner_id) / f"{asset_id}{THUMB}"


def proxy_file(data: DataFolder, owner_id: str, asset_id: str) -> Path:
    """The path of the small copy of a clip that browsers cannot play."""
    return data.user(owner_id) / f"{asset_id}{PROXY}"


def move(source: Path, target: Path) -> None:
    """Flush a finished file to disk, then move it. Does nothing if an earlier try already moved it.

    Raises FileNotFoundError if it is at neither path.
    """
    if not source.exists() and target.exists():
        return
    sync(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    rename(source, target)


def rename(source: Path, target: Path) -> None:
    """Move a file in one step, replacing ``target``. The folders may be on different disks.

    Raises OSError; then the file is still at ``source``.
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
    """Flush a file, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def with_ending(text: str, ending: str) -> str:
    """A file name without suffix: ``text``, shortened to leave room for ``ending``."""
    shown = text[: NAME_LENGTH - len(ending)].encode()[: NAME_BYTES - len(ending.encode())]
    return f"{shown.decode(errors='ignore').rstrip()}{ending}"


def short_title(text: str) -> str:
    """A title on one line, at most 120 characters, in NFC."""
    valid = text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be encoded
    line = unicodedata.normalize("NFC", " ".join(valid.split()))
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
