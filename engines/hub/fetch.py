"""All that a model needs from the hub: what is missing, whether there is room for it, and fetching it."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from engines.catalog import files
from engines.catalog.entry import Part
from engines.hub import cache, commits, pickled
from engines.hub.choose import pickled as is_pickled
from engines.hub.client import Hub, HubFile, Repo
from engines.hub.tally import Stopped, Tally
from engines.hub.transfer import transfer
from errors import StudioError

AT_ONCE = 4
"""Files that are fetched at the same time."""
_LOOK_SECONDS = 0.25


class Wanted(NamedTuple):
    """A file that a model needs."""

    repo: Repo
    file: HubFile


class Plan(NamedTuple):
    """What is to be fetched: every file of the parts that are not complete, and what the revisions will mean."""

    files: tuple[Wanted, ...]
    refs: tuple[tuple[Repo, str], ...]

    @property
    def total(self) -> int:
        """Bytes of all of it."""
        return sum(one.file.size for one in self.contents)

    @property
    def have(self) -> int:
        """Bytes of it that are here."""
        return sum(cache.have(one.repo.name, one.file) for one in self.contents)

    @property
    def contents(self) -> list[Wanted]:
        """Each content once, the small ones first: what is wrong with a model shows soon."""
        once = {(one.repo.name, one.file.etag): one for one in self.files}
        return sorted(once.values(), key=lambda one: one.file.size)


def plan(hub: Hub, parts: Iterable[Part], starter: Path, wait: Callable[[float], None] = time.sleep) -> Plan:
    """What is missing of parts. Raises StudioError as the hub, and where a repository has nothing of use."""

    def ask(name: str, revision: str) -> Repo:
        """One that was renamed is filed under the name it was asked for by: there the part is looked for."""
        return hub.repo(name, revision, wait).model_copy(update={"name": name})

    missing: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        if files.is_repository(part) and not files.here(part, starter):
            missing.setdefault((part.repo, part.revision), []).append(part)
    wanted: dict[tuple[str, str], Wanted] = {}
    refs = []
    for (name, revision), absent in missing.items():
        repo, found = commits.choose(name, revision, absent, ask)
        wanted |= {(name, file.path): Wanted(repo, file) for file in found}
        refs.append((repo, revision))
    return Plan(tuple(wanted.values()), tuple(refs))


def need_room(name: str, plan: Plan, keep_free: int) -> None:
    """Raise StudioError disk_full where the rest of a download, called ``name``, would not fit the disk."""
    rewritten = sum(one.file.size for one in plan.contents if is_pickled(one.file))
    rest = plan.total - plan.have + rewritten
    free = cache.free_bytes() - keep_free
    if rest > free:
        raise StudioError(
            "disk_full",
            f"There is not enough room on the disk for {name}.",
            f"It needs {_size(rest)} more, and {_size(max(0, free))} are free for it in {cache.root()}.",
            "Make room on it, or choose another folder with HF_HOME.",
            status=507,
        )


def fetch(hub: Hub, plan: Plan, tally: Tally, pulse: Callable[[], None]) -> None:
    """Fetch what is missing and put it in its place. ``pulse`` is called four times a second; what it raises stops it.

    Raises StudioError as ``transfer``.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as pool:
        todo = [pool.submit(transfer, hub, *one, tally) for one in plan.contents if not _here(one)]
        try:
            _follow(todo, pulse)
        except BaseException:
            tally.stop()
            raise
    for one in plan.files:
        if not is_pickled(one.file):
            cache.show(*one)
    pickled.rewrite_all(plan.files, pulse)
    for repo, revision in plan.refs:
        cache.link_known(repo)
        cache.point(repo, revision)


def _follow(todo: Sequence[Future[None]], pulse: Callable[[], None]) -> None:
    """Wait for every transfer; the first that fails speaks for all."""
    pending = set(todo)
    while pending:
        pulse()
        done, pending = wait(pending, _LOOK_SECONDS, FIRST_EXCEPTION)
        for one in done:
            one.result()
    pulse()


def _here(one: Wanted) -> bool:
    return cache.blob(one.repo.name, one.file).is_file()


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


__all__ = ["AT_ONCE", "Plan", "Stopped", "Wanted", "fetch", "need_room", "plan"]
