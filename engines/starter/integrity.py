"""Starter models are summed before they are used the first time: a damaged file would make nonsense without a word."""

import os
from contextlib import suppress
from pathlib import Path

from engines.catalog import Entry, files
from engines.starter.folder import STAMP, damaged
from errors import StudioError


class Integrity:
    """Remembers which starter models were found whole, one for each process that runs models.

    A file is summed again when its size or date has changed.
    """

    def __init__(self, starter: Path) -> None:
        self._starter = starter
        self._whole: set[tuple[str, tuple[tuple[int, int], ...]]] = set()

    def require(self, entry: Entry) -> None:
        """Raises StudioError corrupt_model where a starter model of an entry is not what was downloaded."""
        for name in {part.repo.removeprefix(files.STARTER) for part in entry.parts.values() if files.is_starter(part)}:
            folder = self._starter / name
            seen = (name, tuple((stat.st_size, stat.st_mtime_ns) for stat in _stats(folder)))
            if seen in self._whole:
                continue
            if file := damaged(folder):
                with suppress(OSError):
                    (folder / STAMP).unlink()  # “make run” then sees that it has to be fetched again
                raise StudioError(
                    "corrupt_model",
                    f"{entry.name} is damaged.",
                    f"Its file {file} is not as it was downloaded.",
                    "Start the studio with “make run”: it downloads the model again.",
                    status=500,
                )
            self._whole.add(seen)


def _stats(folder: Path) -> list[os.stat_result]:
    return [path.stat() for path in sorted(folder.glob("*")) if path.is_file()]
