"""Many files as one ZIP, written while it is sent: nothing of it is ever whole in memory or on the disk."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from api.serving import file_name
from errors import StudioError
from library.views import AssetView

CHUNK = 256 * 1024

Opened = Callable[[AssetView], AbstractContextManager[Path]]
"""Gives the file of an asset for as long as it is read. Raises StudioError where there is none to give."""


def zipped(assets: Sequence[AssetView], opened: Opened, names: Mapping[str, str]) -> Iterator[bytes]:
    """The bytes of a ZIP of these assets, the oldest first, stored as they are. ``names`` are their files' by id.

    What cannot be given is named, with the reason, in a text file in the ZIP.
    """
    pipe, taken, missing = _Pipe(), set[str](), list[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for asset in sorted(assets, key=lambda one: (one.created_at, one.id)):
            name = names[asset.id]
            try:
                with opened(asset) as path:
                    yield from _add(archive, pipe, asset, path, _free(name, path.suffix, taken))
            except StudioError as error:
                missing.append(f"{name}: {error}")
        if missing:
            archive.writestr(_free("Not in this ZIP", ".txt", taken), "\r\n".join(missing) + "\r\n")
    yield pipe.take()


def _add(archive: zipfile.ZipFile, pipe: "_Pipe", asset: AssetView, path: Path, name: str) -> Iterator[bytes]:
    entry = zipfile.ZipInfo(name, time.localtime(max(asset.created_at, 315_619_200.0))[:6])  # ZIP begins in 1980
    entry.external_attr = 0o644 << 16
    with path.open("rb") as file, archive.open(entry, "w", force_zip64=path.stat().st_size >= 2**31) as out:
        while chunk := file.read(CHUNK):
            out.write(chunk)
            yield pipe.take()


def _free(title: str, suffix: str, taken: set[str]) -> str:
    """A name for this title that no other file in the ZIP has, on systems too that know no capitals."""
    name, n = file_name(title, suffix), 1
    while name.lower() in taken:
        n += 1
        name = file_name(title, f" {n}{suffix}")
    taken.add(name.lower())
    return name


class _Pipe(io.RawIOBase):
    """What a ZIP is written to: it hands on what has come."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        held = bytes(self._held)
        self._held.clear()
        return held
