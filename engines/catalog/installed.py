"""Which model parts are on this computer, cached until a file or folder that the answer depends on changes."""

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engines.catalog import locations
from engines.catalog.entry import Part

_T = TypeVar("_T")

_STABLE_NS = 2_000_000_000
"""The minimum age of the last change for an answer to be cached: two changes within one tick of the file system's clock
look like one, and FAT's clock ticks every two seconds."""

Stamp = tuple[int, int, int]
"""Device, inode and time of the last status change. Not the modification time: rsync and tar set that back."""


@dataclass
class _Snapshot:
    """The stamps of every file and folder that was looked at, and the results of ``once`` that depend on them.

    ``stable``: none of them had changed just before, so the results hold as long as the stamps do.
    """

    stamps: dict[str, Stamp | None] = field(default_factory=dict)
    results: dict[Hashable, Any] = field(default_factory=dict)
    stable: bool = True

    def holds(self) -> bool:
        """Whether everything is unchanged. Other threads may be adding stamps: they have just read them."""
        return self.stable and all(_stamp(path) == before for path, before in list(self.stamps.items()))

    def add(self, answer: "_PartLookup") -> None:
        """Add what an answer depends on."""
        same = all(self.stamps.setdefault(path, stamp) == stamp for path, stamp in answer.depends_on)
        self.stable = self.stable and answer.stable and same


class _Thread(threading.local):
    steady: _Snapshot | None = None


@dataclass
class _PartLookup:
    """Where a part is, whether it is complete, and the stamps of the files and folders the answer depends on.

    ``stable``: none of them had changed just before. ``checked_in`` is the snapshot that last verified the answer.
    """

    path: Path
    present: bool
    depends_on: tuple[tuple[str, Stamp | None], ...]
    stable: bool
    checked_in: _Snapshot | None = None


class InstalledParts:
    """Finds parts. Downloads, removals and changes by other programs are noticed at once: an answer is valid as long as
    every file and folder it depends on is unchanged. Checking costs a few microseconds each and reads no file.

    An answer is not cached if something changed within the last two seconds, as during a download.
    """

    def __init__(self, starter: Path) -> None:
        self._starter = starter
        self._answers: dict[Part, _PartLookup] = {}
        self._thread = _Thread()
        self._last = _Snapshot()

    def path(self, part: Part) -> Path:
        """Return where a part is or would be stored."""
        return self._find(part).path

    def is_present(self, part: Part) -> bool:
        """Whether a part is complete on this computer."""
        return self._find(part).present

    @property
    def is_steady(self) -> bool:
        """Whether this thread is inside ``steady``."""
        return self._thread.steady is not None

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Let this thread check nothing twice: for work of a few milliseconds that asks many times.

        If nothing has changed since the last time, the results of ``once`` from then are used again.
        """
        if self.is_steady:
            yield
            return
        if not self._last.holds():
            self._last = _Snapshot()
        self._thread.steady = self._last
        try:
            yield
        finally:
            self._thread.steady = None

    def once(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """Return the result of ``compute``; inside ``steady``, its earlier result for this key.

        The key names everything the result depends on except files.
        """
        steady = self._thread.steady
        if steady is None:
            return compute()
        if key not in steady.results:
            steady.results[key] = compute()
        result: _T = steady.results[key]
        return result

    def _find(self, part: Part) -> _PartLookup:
        answer, steady = self._answers.get(part), self._thread.steady
        if answer and steady and answer.checked_in is steady:
            return answer
        if not answer or not _holds(answer, steady.stamps if steady else {}):
            answer = self._answers[part] = self._look(part)
            if steady:
                steady.add(answer)
        answer.checked_in = steady
        return answer

    def _look(self, part: Part) -> _PartLookup:
        before, stamps = time.time_ns(), dict[str, Stamp | None]()

        def note(path: str | Path) -> None:
            stamps.setdefault(os.fspath(path), _stamp(path))

        path, here = locations.find(part, self._starter, note)
        stable = all(stamp is None or stamp[2] < before - _STABLE_NS for stamp in stamps.values())
        return _PartLookup(path, here, tuple(stamps.items()), stable)


def _holds(answer: _PartLookup, stamps: dict[str, Stamp | None]) -> bool:
    """Whether everything an answer depends on is unchanged; ``stamps`` are the stamps already read."""
    if not answer.stable:
        return False
    for path, before in answer.depends_on:
        if path not in stamps:
            stamps[path] = _stamp(path)
        if stamps[path] != before:
            return False
    return True


def _stamp(path: str | Path) -> Stamp | None:
    """Return the stamp of a file or folder, with links followed; None if it does not exist."""
    try:
        status = os.stat(path)  # noqa: PTH116 -- called thousands of times per form: a Path costs more than the call
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_ctime_ns
