"""Paths that people enter: resolved and readable, or rejected with one sentence."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from errors import StudioError

UNNAMED = "Its name contains unreadable characters: rename it."


def folder(path: Path) -> Path:
    """Resolve a folder that a person entered; ~ is the home folder. Raises StudioError not_readable."""
    expanded = _clean_input(path)
    if expanded is None or not expanded.is_dir() or not os.access(expanded, os.R_OK | os.X_OK):
        raise StudioError(
            "not_readable",
            f"The studio cannot read the folder {display_path(path)[:300]}.",
            "It does not exist, or the studio has no permission to read it.",
            "Enter the full path, starting with “/”.",
            status=422,
        )
    return expanded


def place(path: Path) -> Path:
    """Resolve a file or folder that a person entered. Raises StudioError not_readable."""
    expanded = _clean_input(path)
    if expanded is None or not os.access(expanded, os.R_OK):
        raise StudioError(
            "not_readable",
            f"The studio cannot read {display_path(path)[:300]}.",
            "It does not exist, or the studio has no permission to read it.",
            "Enter the full path, starting with “/”.",
            status=422,
        )
    return expanded


def check_name(path: Path) -> bool:
    """Whether a path is valid text: old disks may have names in unknown encodings."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def display_path(path: Path) -> str:
    """Return a path as text; undecodable characters are replaced by “?”."""
    return str(path).encode("utf-8", "replace").decode()


def _clean_input(path: Path) -> Path | None:
    """Resolve a path as entered, else cleaned up. None if it does not exist or is invalid: an unknown user's home, a
    name that is too long, a null character.
    """
    return _exists(path) or _exists(_unquote(str(path)))


def _unquote(text: str) -> Path:
    """Remove what is copied along with a path: quotes, surrounding spaces, ``file://``."""
    text = text.strip().strip("\"'").strip()
    local = re.sub(r"^file:/+(localhost/)?", "/", text)
    return Path(text if local == text else unquote(local))


def _exists(path: Path) -> Path | None:
    try:
        expanded = path.expanduser()
        expanded.stat()
    except (OSError, ValueError, RuntimeError):
        return None
    return expanded if expanded.is_absolute() else None
