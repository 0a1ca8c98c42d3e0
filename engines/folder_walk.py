"""Walk the folders of other programs, including links to other disks."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

BROKEN = "This link is broken: the file was moved, or its disk is not connected."
OUTSIDE = "This link leads outside the folders the studio may read: add its target folder to C41_MODEL_FOLDERS."
UNREADABLE = "The studio has no permission to read it. Give its account read access."
_DEEPEST = 6
"""The maximum depth of folders that are searched."""
TOO_DEEP = f"Folders more than {_DEEPEST} levels down are not searched. Search this folder itself to see its files."
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}

Allowed = Callable[[Path], bool]
"""Whether a path may be read, with all links resolved."""


class FoundFile(NamedTuple):
    """A file or folder; ``obstacle`` says why it was not examined, if it was not."""

    path: Path
    obstacle: str = ""


def files(
    folders: Iterable[Path],
    endings: tuple[str, ...],
    is_model_folder: Callable[[list[str]], bool] = lambda names: False,
    allowed: Allowed = lambda path: True,
) -> Iterator[FoundFile]:
    """Yield the files with these endings, ignoring case. A folder whose names are a ``whole`` counts as one file.

    Links are followed, and each folder and file is visited once (by device and inode), so that loops end. Paths that
    cannot be examined come with their obstacle. Folders that were not entered come last, so that they do not crowd
    models out of a limited list; for folders that are too deep, there is one entry per top-level folder.
    """
    visited: set[tuple[int, int]] = set()
    closed: list[FoundFile] = []
    for folder in folders:
        yield from _files(folder, endings, is_model_folder, allowed, visited, closed)
    yield from closed


def _files(
    folder: Path,
    endings: tuple[str, ...],
    is_model_folder: Callable[[list[str]], bool],
    allowed: Allowed,
    visited: set[tuple[int, int]],
    closed: list[FoundFile],
) -> Iterator[FoundFile]:
    def refused(error: OSError) -> None:
        closed.append(FoundFile(Path(error.filename), _why(error)))

    deep: dict[str, FoundFile] = {}
    for here, folders, names in os.walk(folder, onerror=refused, followlinks=True):
        place = Path(here)
        if not _first(place, visited):
            folders.clear()
            continue
        if place != folder and is_model_folder(names):
            folders.clear()
            yield FoundFile(place)
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        steps = place.relative_to(folder).parts
        if folders and len(steps) >= _DEEPEST:
            deep.setdefault(steps[0], FoundFile(place, TOO_DEEP))
            folders.clear()
        shown = [FoundFile(place / name, obstacle(place / name, allowed)) for name in folders]
        folders[:] = [one.path.name for one in shown if not one.obstacle]
        yield from (one for one in shown if one.obstacle)
        yield from _named(place, names, endings, allowed, visited)
    closed.extend(deep.values())


def _named(
    place: Path, names: list[str], endings: tuple[str, ...], allowed: Allowed, visited: set[tuple[int, int]]
) -> Iterator[FoundFile]:
    """Yield a folder's files with these endings, and broken links without an ending, which may have led to folders."""
    for name in sorted(names):
        path, fits = place / name, name.lower().endswith(endings)
        if not fits and path.suffix:
            continue
        why = obstacle(path, allowed)
        if (why and (fits or why != OUTSIDE)) or (fits and _first(path, visited)):
            yield FoundFile(path, why)


def obstacle(path: Path, allowed: Allowed) -> str:
    """Return why a path cannot be examined or a link is not followed; empty if there is no obstacle."""
    try:
        if not path.is_symlink():
            return ""
        path.stat()
    except OSError as error:
        return BROKEN if error.errno in _GONE else _why(error)
    return "" if allowed(path.resolve()) else OUTSIDE


def _why(error: OSError) -> str:
    return UNREADABLE if isinstance(error, PermissionError) else error.strerror or "It cannot be read."


def _first(path: Path, visited: set[tuple[int, int]]) -> bool:
    """Whether a path is visited for the first time; True if it cannot be examined."""
    try:
        status = path.stat()
    except OSError:
        return True
    if (status.st_dev, status.st_ino) in visited:
        return False
    visited.add((status.st_dev, status.st_ino))
    return True
