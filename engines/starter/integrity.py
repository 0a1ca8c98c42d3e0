"""Verify starter models before their first use: a damaged file would silently produce wrong results."""

import os
from contextlib import suppress
from pathlib import Path

from engines.catalog import Entry, locations
from engines.starter.folder import STAMP, damaged_files
from engines.starter.sharded import sharded_models
from errors import StudioError


class Integrity:
    """Remembers which starter models were verified; one instance for each process that runs models.

    A model is verified again when the size or time of a file changes.
    """

    def __init__(self, starter: Path) -> None:
        self._starter = starter
        self._whole: set[tuple[str, tuple[tuple[int, int], ...]]] = set()

    def require(self, entry: Entry) -> None:
        """Raise StudioError corrupt_model if a starter model of an entry has changed since its download."""
        for name in {
            part.repo.removeprefix(locations.STARTER) for part in entry.parts.values() if locations.is_starter(part)
        }:
            folder = self._starter / name
            key = (name, tuple((stat.st_size, stat.st_mtime_ns) for stat in _stats(folder)))
            if key in self._whole:
                continue
            if file := damaged_files(folder):
                with suppress(OSError):
                    (folder / STAMP).unlink()  # “make run” then downloads it again
                raise StudioError(
                    "corrupt_model",
                    f"{entry.name} is damaged.",
                    f"Its file {file} has changed since the download.",
                    "Remove it on the Models page, then download it again."
                    if name in sharded_models()
                    else "Start the studio with “make run”: it downloads the model again.",
                    status=500,
                )
            self._whole.add(key)


def _stats(folder: Path) -> list[os.stat_result]:
    return [path.stat() for path in sorted(folder.glob("*")) if path.is_file()]
