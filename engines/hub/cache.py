"""The Hugging Face cache in its standard layout: blobs named by checksum, snapshots of links to them, and refs."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engines.catalog.locations import commit
from engines.hub.client import HubFile, Repo


def root() -> Path:
    """Return the cache folder."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def folder(repo: str) -> Path:
    """Return a repository's folder in the cache."""
    return root() / f"models--{repo.replace('/', '--')}"


def blob(repo: str, file: HubFile) -> Path:
    """Return the path of a file's complete content."""
    return folder(repo) / "blobs" / file.etag


def part(repo: str, file: HubFile) -> Path:
    """Return the path of a file's partial content during the download."""
    return folder(repo) / "blobs" / f"{file.etag}.incomplete"


def snapshot(repo: Repo) -> Path:
    """Return the folder that holds a repository's files at its commit."""
    return folder(repo.name) / "snapshots" / repo.commit


def free_bytes() -> int:
    """Return the free bytes on the cache's disk."""
    place = root()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def have(repo: str, file: HubFile) -> int:
    """Return how many bytes of a file are already downloaded."""
    for path in (blob(repo, file), part(repo, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


@contextmanager
def alone(repo: str, file: HubFile, wait: Callable[[float], None]) -> Iterator[None]:
    """Lock a blob so that no other process downloads it. Hugging Face's own tools take the same lock."""
    lock = root() / ".locks" / folder(repo).name / f"{file.etag}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait(0.2)
        yield


def keep(repo: str, file: HubFile) -> None:
    """Turn a complete and verified partial file into the blob."""
    path = part(repo, file)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    path.rename(blob(repo, file))


def show(repo: Repo, file: HubFile) -> None:
    """Add a file to its snapshot."""
    try:
        _link(repo, file)
    except OSError:  # a file system without links
        shutil.copyfile(blob(repo.name, file), snapshot(repo) / file.path)


def link_known(repo: Repo) -> None:
    """Add every downloaded file of a snapshot to it, so that files unchanged since an older commit stay installed, also
    for other programs."""
    for file in repo.files:
        if blob(repo.name, file).is_file():
            with suppress(OSError):  # on a file system without links, the older snapshot has the file
                _link(repo, file)


def _link(repo: Repo, file: HubFile) -> None:
    path = snapshot(repo) / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.unlink(missing_ok=True)  # a broken link
        path.symlink_to(os.path.relpath(blob(repo.name, file), path.parent))


def point(repo: Repo, revision: str) -> None:
    """Point a revision to the repository's commit, so that its files are those of the new snapshot.

    The new commit and the one that the revision pointed to before each get a ref of their own, so that a model that was
    complete at the older commit still is.
    """
    before = commit(repo.name, revision)
    for name, meant in {before: before, repo.commit: repo.commit, revision: repo.commit}.items():
        if name:
            _write_ref(folder(repo.name) / "refs" / name, meant)


def _write_ref(ref: Path, commit: str) -> None:
    ref.parent.mkdir(parents=True, exist_ok=True)
    new = ref.with_name(f"{ref.name}.{time.time_ns()}")
    new.write_text(commit)
    new.replace(ref)
