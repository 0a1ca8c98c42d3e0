"""The files in a folder of another program, links to other disks among them."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

BROKEN = "This link leads to nothing: the file was moved, or its disk is not connected."
OUTSIDE = "This link leads out of the folders that the studio may read: add its folder to C41_MODEL_FOLDERS."
_DEEPEST = 6
"""So many folders below one another are entered."""

Allowed = Callable[[Path], bool]
"""Whether a place, with every link on its way followed, may be read."""


def files(
    folders: Iterable[Path],
    endings: tuple[str, ...],
    whole: Callable[[list[str]], bool] = lambda names: False,
    allowed: Allowed = lambda path: True,
) -> Iterator[Path]:
    """The files whose names end so, in capitals or not; a folder whose names are a ``whole`` is handed out as one.

    Links are followed, each folder and each file once (by device and inode), so that none goes round for ever. A link
    that ``obstacle`` has a sentence for is handed out like a file, and not followed.
    """
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        yield from _files(folder, endings, whole, allowed, seen)


def _files(
    folder: Path,
    endings: tuple[str, ...],
    whole: Callable[[list[str]], bool],
    allowed: Allowed,
    seen: set[tuple[int, int]],
) -> Iterator[Path]:
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
        shown = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in shown if not obstacle(place / name, allowed)]
        yield from (place / name for name in shown if name not in folders)
        for path in (place / name for name in sorted(names) if name.lower().endswith(endings)):
            if obstacle(path, allowed) or _first(path, seen):
                yield path


def obstacle(path: Path, allowed: Allowed) -> str:
    """Why a link is not followed; empty for one that is, and for what is none."""
    if not path.is_symlink():
        return ""
    if not path.exists():
        return BROKEN
    return "" if allowed(path.resolve()) else OUTSIDE


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
