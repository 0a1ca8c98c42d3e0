"""Plan and run a model's download: find the missing files, check the disk space, fetch them."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from engines.catalog import locations
from engines.catalog.entry import Part
from engines.hub import cache, commits, pickle_conversion
from engines.hub.client import Hub, HubFile, Repo
from engines.hub.file_download import transfer
from engines.hub.file_selection import is_pickled
from engines.hub.progress import DownloadProgress, DownloadStopped
from errors import StudioError

AT_ONCE = 4
"""Number of files fetched in parallel."""
_LOOK_SECONDS = 0.25


class WantedFile(NamedTuple):
    """A file that a model needs, and its repository."""

    repo: Repo
    file: HubFile


class DownloadPlan(NamedTuple):
    """The files of every incomplete part, and the revisions to point to the downloaded commits."""

    files: tuple[WantedFile, ...]
    refs: tuple[tuple[Repo, str], ...]

    @property
    def total(self) -> int:
        """Size of all files in bytes."""
        return sum(one.file.size for one in self.contents)

    @property
    def have(self) -> int:
        """Bytes that are already downloaded."""
        return sum(cache.have(one.repo.name, one.file) for one in self.contents)

    @property
    def contents(self) -> list[WantedFile]:
        """Each content once, smallest first, so that problems with a model show early."""
        once = {(one.repo.name, one.file.etag): one for one in self.files}
        return sorted(once.values(), key=lambda one: one.file.size)


def plan(hub: Hub, parts: Iterable[Part], starter: Path, wait: Callable[[float], None] = time.sleep) -> DownloadPlan:
    """Plan the download of missing parts. Raises StudioError like ``Hub.repo`` and ``commits.choose``."""

    def ask(name: str, revision: str) -> Repo:
        """Keep the requested name for a renamed repository: the part is looked up under that name."""
        return hub.repo(name, revision, wait).model_copy(update={"name": name})

    missing: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        if locations.is_repository(part) and not locations.is_present(part, starter):
            missing.setdefault((part.repo, part.revision), []).append(part)
    wanted: dict[tuple[str, str], WantedFile] = {}
    refs = []
    for (name, revision), absent in missing.items():
        repo, files = commits.choose(name, revision, absent, ask)
        wanted |= {(name, file.path): WantedFile(repo, file) for file in files}
        refs.append((repo, revision))
    return DownloadPlan(tuple(wanted.values()), tuple(refs))


def require_disk_space(name: str, plan: DownloadPlan, keep_free: int) -> None:
    """Raise StudioError disk_full if the rest of the download of ``name`` does not fit on the disk."""
    rewritten = sum(one.file.size for one in plan.contents if is_pickled(one.file))
    rest = plan.total - plan.have + rewritten
    free = cache.free_bytes() - keep_free
    if rest > free:
        raise StudioError(
            "disk_full",
            f"There is not enough disk space for {name}.",
            f"It needs {_size(rest)} more; {_size(max(0, free))} is available in {cache.root()}.",
            "Free up disk space, or set HF_HOME to a folder on another disk.",
            status=507,
        )


def fetch(hub: Hub, plan: DownloadPlan, progress: DownloadProgress, pulse: Callable[[], None]) -> None:
    """Fetch the missing files into the cache. ``pulse`` is called four times a second and may raise to stop.

    Raises StudioError like ``transfer``.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
        todo = [pool.submit(transfer, hub, *one, progress) for one in plan.contents if not _is_downloaded(one)]
        try:
            _follow(todo, pulse)
        except BaseException:
            progress.stop()
            raise
    for one in plan.files:
        if not is_pickled(one.file):
            cache.show(*one)
    pickle_conversion.rewrite_all(plan.files, pulse)
    for repo, revision in plan.refs:
        cache.link_known(repo)
        cache.point(repo, revision)


def _follow(todo: Sequence[Future[None]], pulse: Callable[[], None]) -> None:
    """Wait for every transfer; raise the error of the first that fails."""
    pending = set(todo)
    while pending:
        pulse()
        done, pending = wait(pending, _LOOK_SECONDS, FIRST_EXCEPTION)
        for one in done:
            one.result()
    pulse()


def _is_downloaded(one: WantedFile) -> bool:
    return cache.blob(one.repo.name, one.file).is_file()


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


__all__ = ["AT_ONCE", "DownloadPlan", "DownloadStopped", "WantedFile", "fetch", "plan", "require_disk_space"]
