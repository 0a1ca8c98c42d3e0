"""The files in a folder of another program, links to other disks among them."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

BROKEN = "This link leads to nothing: the file was moved, or its disk is not connected."
OUTSIDE = "This link leads out of the folders that the studio may read: add its folder to C41_MODEL_FOLDERS."
UNREADABLE = "The studio may not read it. Allow its account to."
_DEEPEST = 6
"""So many folders below one another are entered."""
TOO_DEEP = f"Folders more than {_DEEPEST} levels down are not searched. Search this folder itself to see what is in it."
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}

Allowed = Callable[[Path], bool]
"""Whether a place, with every link on its way followed, may be read."""


class Found(NamedTuple):
    """A file or a folder; ``obstacle`` says why it was not looked at, where it was not."""

    path: Path
    obstacle: str = ""


def files(
    folders: Iterable[Path],
    endings: tuple[str, ...],
    whole: Callable[[list[str]], bool] = lambda names: False,
    allowed: Allowed = lambda path: True,
) -> Iterator[Found]:
    """The files whose names end so, in capitals or not; a folder whose names are a ``whole`` is handed out as one.

    Links are followed, each folder and each file once (by device and inode), so that none goes round for ever. What
    cannot be looked at is handed out with its obstacle; folders that were not entered come last, so that they keep no
    model out of a list with an end, and of too deep ones one for each of the outermost folders.
    """
    seen: set[tuple[int, int]] = set()
    closed: list[Found] = []
    for folder in folders:
        yield from _files(folder, endings, whole, allowed, seen, closed)
    yield from closed


def _files(
    folder: Path,
    endings: tuple[str, ...],
    whole: Callable[[list[str]], bool],
    allowed: Allowed,
    seen: set[tuple[int, int]],
    closed: list[Found],
) -> Iterator[Found]:
    def refused(error: OSError) -> None:
        closed.append(Found(Path(error.filename), _why(error)))

    deep: dict[str, Found] = {}
    for here, folders, names in os.walk(folder, onerror=refused, followlinks=True):
        place = Path(here)
        if not _first(place, seen):
            folders.clear()
            continue
        if place != folder and whole(names):
            folders.clear()
            yield Found(place)
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        steps = place.relative_to(folder).parts
        if folders and len(steps) >= _DEEPEST:
            deep.setdefault(steps[0], Found(place, TOO_DEEP))
            folders.clear()
        shown = [Found(place / name, obstacle(place / name, allowed)) for name in folders]
        folders[:] = [one.path.name for one in shown if not one.obstacle]
        yield from (one for one in shown if one.obstacle)
        yield from _named(place, names, endings, allowed, seen)
    closed.extend(deep.values())


def _named(
    place: Path, names: list[str], endings: tuple[str, ...], allowed: Allowed, seen: set[tuple[int, int]]
) -> Iterator[Found]:
    """Of a folder's files those that end so, and broken links without an ending: they may have led to folders."""
    for name in sorted(names):
        path, fits = place / name, name.lower().endswith(endings)
        if not fits and path.suffix:
            continue
        why = obstacle(path, allowed)
        if (why and (fits or why != OUTSIDE)) or (fits and _first(path, seen)):
            yield Found(path, why)


def obstacle(path: Path, allowed: Allowed) -> str:
    """Why a path cannot be looked at, or a link is not followed; empty for all others."""
    try:
        if not path.is_symlink():
            return ""
        path.stat()
    except OSError as error:
        return BROKEN if error.errno in _GONE else _why(error)
    return "" if allowed(path.resolve()) else OUTSIDE


def _why(error: OSError) -> str:
    return UNREADABLE if isinstance(error, PermissionError) else error.strerror or "It cannot be read."


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
