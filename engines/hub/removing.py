"""Taking a model off this machine: its files in the hub's cache, never what others share or a person keeps."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from engines.catalog import Catalog, Entry, files
from engines.catalog.entry import Part
from engines.hub import cache
from errors import StudioError


def remove(entry: Entry, catalog: Catalog, own: Path, brought: Path, coming: Collection[str] = ()) -> int:
    """Delete what of a model is the studio's to delete; how many bytes became free.

    ``own`` is the folder of people's own entries, ``brought`` the one of the files they brought in; ``coming`` are the
    ids of the models that are being downloaded, and the names of repositories that something else is taken from. What
    those share stays. Files used in place stay: their entry goes. So does the entry of a model of one's own that is
    not here anyway. Raises StudioError starter_model.
    """
    mine = own / f"{entry.id}.yaml"
    fetched = [part for part in entry.parts.values() if files.is_repository(part)]
    in_place = [part for part in entry.parts.values() if Path(part.repo).is_absolute()]
    if not fetched and not in_place and not mine.exists():
        raise StudioError(
            "starter_model",
            f"{entry.name} comes with the studio.",
            "It would be fetched again at the next start.",
            status=409,
        )
    here = [part for part in fetched if catalog.path_of(part).exists()]
    if mine.exists() and (in_place or not here):
        mine.unlink()
        catalog.reload()
        once = {part.repo + part.file: part for part in in_place}
        return sum(_delete_brought(part, brought) for part in once.values())
    kept = {catalog.path_of(part) for part in _others(entry, catalog, coming)}
    freed = sum(_delete(part, catalog, kept) for part in here)
    fetching = [catalog.get(id) for id in coming if id in catalog.entries]
    busy = {part.repo for other in fetching for part in other.parts.values()} | set(coming)
    for part in fetched:
        if part.repo not in busy:
            freed += _tidy(cache.folder(part.repo), kept)
    return freed


def _others(entry: Entry, catalog: Catalog, coming: Collection[str]) -> list[Part]:
    """The parts of every other model that is installed, or will be."""
    others = (other for other in catalog.entries.values() if other.id != entry.id and other.parts)
    return [part for other in others if other.id in coming or catalog.installed(other) for part in other.parts.values()]


def _delete(part: Part, catalog: Catalog, kept: set[Path]) -> int:
    """Delete a part's files from every snapshot, and their contents."""
    if catalog.path_of(part) in kept:
        return 0
    repository = cache.folder(part.repo)
    places = [snapshot / part.subfolder / part.file for snapshot in (repository / "snapshots").iterdir()]
    return sum(_delete_at(place, repository, kept) for place in places)


def _delete_at(place: Path, repository: Path, kept: set[Path]) -> int:
    """Delete a file, or the files of a folder, and their contents where no other snapshot shows them."""
    if place.is_file() or place.is_symlink():
        return _delete_file(place, repository)
    shown = [path for path in place.iterdir() if path.is_file() or path.is_symlink()] if place.is_dir() else []
    return sum(_delete_file(path, repository) for path in shown if path not in kept)


def _delete_file(path: Path, repository: Path) -> int:
    content = Path(os.path.realpath(path))
    path.unlink(missing_ok=True)
    if content == path or repository not in content.parents:
        return 0
    if any(Path(os.path.realpath(one)) == content for one in (repository / "snapshots").rglob("*") if one.is_symlink()):
        return 0
    size = content.stat().st_size if content.exists() else 0
    content.unlink(missing_ok=True)
    return size


def _tidy(repository: Path, kept: set[Path]) -> int:
    """Remove a repository nothing is left of: its folders, its refs, the parts of broken downloads."""
    if not repository.exists() or any(repository in path.parents and path.exists() for path in kept):
        return 0
    if any(path.is_file() or path.is_symlink() for path in (repository / "snapshots").rglob("*")):
        return 0
    size = sum(path.stat().st_size for path in (repository / "blobs").glob("*") if path.is_file())
    shutil.rmtree(repository, ignore_errors=True)
    return size


def _delete_brought(part: Part, brought: Path) -> int:
    """Delete a file that somebody brought in through the page; one that lies elsewhere is theirs."""
    path = Path(part.repo) / part.file
    if not part.file or brought not in path.parents or not path.is_file():
        return 0
    size = path.stat().st_size
    path.unlink()
    return size
