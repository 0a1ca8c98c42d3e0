"""Writing a file so that it is either whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A path to write to; at the end of the block it becomes ``path`` in one step, safe against a power cut.

    When the block raises, nothing is left.
    """
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def thumb_path(path: Path) -> Path:
    """Where the thumbnail of a file lies: beside it."""
    return path.with_name(f"{path.stem}.thumb.webp")
