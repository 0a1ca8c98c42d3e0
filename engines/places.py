"""Places on this machine as people type them: whole, readable, or refused in one sentence."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from errors import StudioError

UNNAMED = "Its name is in letters that cannot be read: give it another one."


def folder(path: Path) -> Path:
    """A folder that somebody typed, ~ for a home. Raises StudioError not_readable for what is none."""
    found = _typed(path)
    if found is None or not found.is_dir() or not os.access(found, os.R_OK | os.X_OK):
        raise StudioError(
            "not_readable",
            f"{shown(path)[:300]} is no folder the studio can read.",
            "There is none of that name, or it may not look into it.",
            "Give its whole path, from the first “/” on.",
            status=422,
        )
    return found


def place(path: Path) -> Path:
    """A file or a folder that somebody typed. Raises StudioError not_readable for what is neither."""
    found = _typed(path)
    if found is None or not os.access(found, os.R_OK):
        raise StudioError(
            "not_readable",
            f"{shown(path)[:300]} cannot be read.",
            "There is no such file, or the studio may not read it.",
            "Give its whole path, from the first “/” on.",
            status=422,
        )
    return found


def nameable(path: Path) -> bool:
    """Whether a path can be said at all: old disks have names in codes that nobody knows any more."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def shown(path: Path) -> str:
    """A path as it can be sent: one whose letters are in no known code has marks in their place."""
    return str(path).encode("utf-8", "replace").decode()


def _typed(path: Path) -> Path | None:
    """What is there, as it was typed, else as it was meant; None for names that can be no place: another's unknown
    home, too long, with a zero in it.
    """
    return _there(path) or _there(_pasted(str(path)))


def _pasted(text: str) -> Path:
    """A path without what comes along when one is copied: quotes, spaces around it, ``file://``."""
    text = text.strip().strip("\"'").strip()
    local = re.sub(r"^file:/+(localhost/)?", "/", text)
    return Path(text if local == text else unquote(local))


def _there(path: Path) -> Path | None:
    try:
        found = path.expanduser()
        found.stat()
    except (OSError, ValueError, RuntimeError):
        return None
    return found if found.is_absolute() else None
