"""The Hugging Face cache as its own tools lay it out: blobs by their sum, snapshots of links to them, refs."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engines.catalog.files import commit
from engines.hub.client import HubFile, Repo


def root() -> Path:
    """The cache's folder."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def folder(repo: str) -> Path:
    """A repository's folder."""
    return root() / f"models--{repo.replace('/', '--')}"


def blob(repo: str, file: HubFile) -> Path:
    """Where a file's content lies once it is whole."""
    return folder(repo) / "blobs" / file.etag


def part(repo: str, file: HubFile) -> Path:
    """Where a file's content grows."""
    return folder(repo) / "blobs" / f"{file.etag}.incomplete"


def snapshot(repo: Repo) -> Path:
    """The folder that shows a repository's files at its commit."""
    return folder(repo.name) / "snapshots" / repo.commit


def free_bytes() -> int:
    """Free space on the disk that holds the cache."""
    place = root()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def have(repo: str, file: HubFile) -> int:
    """How many bytes of a file are here already."""
    for path in (blob(repo, file), part(repo, file)):
        if path.is_file():
            return min(path.stat().st_size, file.size)
    return 0


@contextmanager
def alone(repo: str, file: HubFile, wait: Callable[[float], None]) -> Iterator[None]:
    """Hold a blob against whoever else would fetch it, Hugging Face's own tools too: they take the same lock."""
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
    """A part that is whole and right becomes the blob."""
    path = part(repo, file)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    path.rename(blob(repo, file))


def show(repo: Repo, file: HubFile) -> None:
    """Make a file visible in its snapshot."""
    try:
        _link(repo, file)
    except OSError:  # a file system without links
        shutil.copyfile(blob(repo.name, file), snapshot(repo) / file.path)


def link_known(repo: Repo) -> None:
    """Make visible in a snapshot all that is here of it: what did not change since an older commit stays installed, for
    other programs as well."""
    for file in repo.files:
        if blob(repo.name, file).is_file():
            with suppress(OSError):  # without links it is found in the older snapshot
                _link(repo, file)


def _link(repo: Repo, file: HubFile) -> None:
    path = snapshot(repo) / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.unlink(missing_ok=True)  # a link that leads nowhere
        path.symlink_to(os.path.relpath(blob(repo.name, file), path.parent))


def point(repo: Repo, revision: str) -> None:
    """Let a revision mean the repository's commit: from now on its files are those of the new snapshot.

    Each commit that a revision means here, or meant before, stays named by itself: what was whole in it still is.
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
