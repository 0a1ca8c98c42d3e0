"""Remove a model's files from the hub cache, but never files that other models share or that people own."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from engines.catalog import Catalog, Entry, locations
from engines.catalog.entry import Part
from engines.hub import cache
from errors import StudioError


def remove(entry: Entry, catalog: Catalog, own: Path, uploaded: Path, coming: Collection[str] = ()) -> int:
    """Delete a model's files that belong to the studio; return how many bytes were freed.

    ``own`` is the folder of custom entries, ``brought`` the folder of uploaded model files. ``coming`` holds the ids of
    models that are being downloaded and the names of repositories that other downloads use; files shared with those
    stay. Files used in place stay too; only their entry is deleted. The entry of a custom model that is not downloaded
    is deleted as well. Raises StudioError starter_model.
    """
    mine = own / f"{entry.id}.yaml"
    fetched = [part for part in entry.parts.values() if locations.is_repository(part)]
    sharded = [part for part in entry.parts.values() if locations.sharded(part)]
    in_place = [part for part in entry.parts.values() if Path(part.repo).is_absolute()]
    if not fetched and not sharded and not in_place and not mine.exists():
        raise StudioError(
            "starter_model",
            f"{entry.name} cannot be removed.",
            "It is a starter model: the studio would download it again at the next start.",
            status=409,
        )
    here = [part for part in fetched if catalog.path_of(part).exists()]
    if mine.exists() and (in_place or not here):
        mine.unlink()
        catalog.reload()
        once = {part.repo + part.file: part for part in in_place}
        return sum(_delete_uploaded(part, uploaded) for part in once.values())
    still_used = {catalog.path_of(part) for part in _others(entry, catalog, coming)}
    freed = sum(_delete(part, catalog, still_used) for part in here)
    freed += sum(_delete_folder(catalog.path_of(part).parent) for part in sharded)
    fetching = [catalog.get(id) for id in coming if id in catalog.entries]
    busy = {part.repo for other in fetching for part in other.parts.values()} | set(coming)
    for part in fetched:
        if part.repo not in busy:
            freed += _tidy(cache.folder(part.repo), still_used)
    return freed


def _others(entry: Entry, catalog: Catalog, coming: Collection[str]) -> list[Part]:
    """Return the parts of every other model that is installed or being downloaded."""
    others = (other for other in catalog.entries.values() if other.id != entry.id and other.parts)
    return [part for other in others if other.id in coming or catalog.installed(other) for part in other.parts.values()]


def _delete(part: Part, catalog: Catalog, still_used: set[Path]) -> int:
    """Delete a part's files from every snapshot, and their blobs."""
    if catalog.path_of(part) in still_used:
        return 0
    repository = cache.folder(part.repo)
    places = [snapshot / part.subfolder / part.file for snapshot in (repository / "snapshots").iterdir()]
    return sum(_delete_at(place, repository, still_used) for place in places)


def _delete_at(place: Path, repository: Path, still_used: set[Path]) -> int:
    """Delete a file, or a folder's files, and the blobs that no other snapshot links to."""
    if place.is_file() or place.is_symlink():
        return _delete_file(place, repository)
    shown = [path for path in place.iterdir() if path.is_file() or path.is_symlink()] if place.is_dir() else []
    return sum(_delete_file(path, repository) for path in shown if path not in still_used)


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


def _delete_folder(folder: Path) -> int:
    """Delete a model that came in packages."""
    size = sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
    shutil.rmtree(folder, ignore_errors=True)
    return size


def _tidy(repository: Path, still_used: set[Path]) -> int:
    """Delete an empty repository: its folders, its refs, and the leftovers of failed downloads."""
    if not repository.exists() or any(repository in path.parents and path.exists() for path in still_used):
        return 0
    if any(path.is_file() or path.is_symlink() for path in (repository / "snapshots").rglob("*")):
        return 0
    size = sum(path.stat().st_size for path in (repository / "blobs").glob("*") if path.is_file())
    shutil.rmtree(repository, ignore_errors=True)
    return size


def _delete_uploaded(part: Part, uploaded: Path) -> int:
    """Delete an uploaded model file. A file outside of ``brought`` is left alone."""
    path = Path(part.repo) / part.file
    if not part.file or uploaded not in path.parents or not path.is_file():
        return 0
    size = path.stat().st_size
    path.unlink()
    return size
