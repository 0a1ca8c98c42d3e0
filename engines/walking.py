"""The files in a folder of another program, links to other disks among them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

BROKEN = "This link leads to nothing: the file was moved, or its disk is not connected."
_DEEPEST = 6
"""So many folders below one another are entered."""


def files(
    folder: Path, endings: tuple[str, ...], whole: Callable[[list[str]], bool] = lambda names: False
) -> Iterator[Path]:
    """The files whose names end so, in capitals or not; a folder whose names are a ``whole`` is handed out as one.

    Links are followed, each folder and each file once (by device and inode), so that none goes round for ever. A
    broken link is handed out like a file.
    """
    seen: set[tuple[int, int]] = set()
    for here, folders, names in os.walk(folder, followlinks=True):
        place = Path(here)
        if not _first(place, seen):
            folders.clear()
            continue
        if place != folder and whole(names):
            folders.clear()
            yield place
            continue
        if len(place.relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (place / name for name in sorted(names) if name.lower().endswith(endings)):
            if _first(path, seen):
                yield path


def _first(path: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a place is met for the first time; what cannot be looked at always is."""
    try:
        found = path.stat()
    except OSError:
        return True
    if (found.st_dev, found.st_ino) in seen:
        return False
    seen.add((found.st_dev, found.st_ino))
    return True


def broken(path: Path) -> bool:
    """Whether a path is a link to nothing."""
    return path.is_symlink() and not path.exists()
