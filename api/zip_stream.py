"""Streams many files as one ZIP, which is never completely in memory or on disk."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from api.file_responses import file_name
from errors import StudioError
from library.views import AssetView

CHUNK = 256 * 1024

Opened = Callable[[AssetView], AbstractContextManager[Path]]
"""Opens the file of an asset for reading. Raises StudioError if it is not available."""


def zip_stream(
    assets: Sequence[AssetView], opened: Opened, names: Mapping[str, str], *, dated: bool = True
) -> Iterator[bytes]:
    """Yield the bytes of a ZIP of these assets, uncompressed. ``names`` are the file names by id.

    ``dated`` files have the time they were made, others the time of the download.

    The newest comes first, so that of several with the same name it has no number. A text file in the ZIP lists what is
    missing.
    """
    pipe, names_used, missing = _Pipe(), set[str](), list[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for asset in sorted(assets, key=lambda one: (one.created_at, one.id), reverse=True):
            name = names[asset.id]
            try:
                with opened(asset) as path:
                    made_at = asset.created_at if dated else time.time()
                    yield from _add(archive, pipe, path, _free(name, path.suffix, names_used), made_at)
            except StudioError as error:
                missing.append(f"{name}: {error}")
        if missing:
            archive.writestr(_free("Not in this ZIP", ".txt", names_used), "\r\n".join(missing) + "\r\n")
    yield pipe.take()


def _add(archive: zipfile.ZipFile, pipe: "_Pipe", path: Path, name: str, made_at: float) -> Iterator[bytes]:
    entry = zipfile.ZipInfo(name, time.localtime(max(made_at, 315_619_200.0))[:6])  # ZIP begins in 1980
    entry.external_attr = 0o644 << 16
    with path.open("rb") as file, archive.open(entry, "w", force_zip64=path.stat().st_size >= 2**31) as out:
        while chunk := file.read(CHUNK):
            out.write(chunk)
            yield pipe.take()


def _free(title: str, suffix: str, names_used: set[str]) -> str:
    """Return a file name for this title that is unique in the ZIP, ignoring case."""
    name, n = file_name(title, suffix), 1
    while name.lower() in names_used:
        n += 1
        name = file_name(title, f" {n}{suffix}")
    names_used.add(name.lower())
    return name


class _Pipe(io.RawIOBase):
    """A write target for a ZIP that passes on what was written."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        content = bytes(self._held)
        self._held.clear()
        return content
