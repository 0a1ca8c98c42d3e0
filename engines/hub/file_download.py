"""Download one file from the hub into the cache, resuming after every interruption until its checksum is right."""

import errno
import hashlib
import logging
import re
from pathlib import Path
from typing import BinaryIO

import httpx

from engines.hub import cache
from engines.hub.client import Hub, HubFile, Repo, host
from engines.hub.progress import DownloadProgress
from errors import StudioError

log = logging.getLogger(__name__)

CHUNK = 1 << 20
PATIENCE = (0.5, 1, 2, 4, 8, 15, 30, 60, 60)
"""Seconds to wait between consecutive attempts that bring no data; the download fails after the last one."""


class _Broken(Exception):
    """The connection broke before the file was complete."""


class _Content:
    """A partial file, its running checksum, and the server's ETag for it."""

    def __init__(self, path: Path, file: HubFile, progress: DownloadProgress) -> None:
        self._path = path
        self._file = file
        self._progress = progress
        self._start()
        if path.exists():
            self._read()

    def _start(self) -> None:
        self.size, self.validator = 0, ""
        self._sum = hashlib.sha256() if self._file.sha256 else hashlib.sha1(f"blob {self._file.size}\0".encode())

    def _read(self) -> None:
        with self._path.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                self._progress.check()
                self._sum.update(chunk)
                self.size += len(chunk)

    def write(self, handle: BinaryIO, chunk: bytes) -> None:
        """Append received bytes."""
        handle.write(chunk)
        self._sum.update(chunk)
        self.size += len(chunk)
        self._progress.add(len(chunk))

    def clear(self) -> None:
        """Delete the partial file and start over."""
        self._path.unlink(missing_ok=True)
        lost = self.size
        self._start()
        self._progress.add(-min(lost, self._file.size))

    @property
    def right(self) -> bool:
        """Whether the file is complete and its checksum matches."""
        return self.size == self._file.size and self._sum.hexdigest() == (self._file.sha256 or self._file.etag)


def transfer(hub: Hub, repo: Repo, file: HubFile, progress: DownloadProgress) -> None:
    """Download a file's content into the cache. Resumes a partial file; fetches it once more if its checksum is wrong.

    Raises StudioError connection_lost, damaged_download, disk_full, or one of ``Hub.stream``; DownloadStopped.
    """
    path = cache.part(repo.name, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with cache.alone(repo.name, file, progress.wait):
        if cache.blob(repo.name, file).exists():  # another process downloaded it meanwhile
            progress.add(file.size - cache.have(repo.name, file))
            return
        for last in (False, True):
            content = _Content(path, file, progress)
            try:
                _complete(hub, repo, file, content, progress)
            except OSError as error:
                raise _unwritable(error) from error
            if content.right:
                cache.keep(repo.name, file)
                return
            log.warning("Wrong checksum: %s of %s%s", file.path, repo.name, "" if last else "; trying once more")
            content.clear()
    raise StudioError(
        "damaged_download",
        f"“{file.path}” of {repo.name} arrived damaged twice.",
        "Its checksum does not match the hub's.",
        "The damaged file was deleted. Try again later, or from another network.",
        status=502,
    )


def _complete(hub: Hub, repo: Repo, file: HubFile, content: _Content, progress: DownloadProgress) -> None:
    """Fetch the rest of a file, with longer and longer pauses when the connection breaks."""
    turn = 0
    if content.size > file.size:
        content.clear()
    while content.size < file.size:
        before = content.size
        try:
            _append(hub, repo, file, content)
        except (_Broken, httpx.TransportError) as error:
            turn = 0 if content.size > before else turn
            if turn == len(PATIENCE):
                raise _lost(repo) from error
            log.info("The download of %s broke at byte %d: %s", file.path, content.size, type(error).__name__)
            progress.wait(PATIENCE[turn])
            turn += 1


def _append(hub: Hub, repo: Repo, file: HubFile, content: _Content) -> None:
    """Make one request. Raises _Broken if it ends early."""
    with hub.stream(repo, file.path, content.size, content.validator) as answer:
        if answer.status_code == 416 or not _goes_on(answer, content.size, file.size):
            content.clear()  # the server starts over, or its file has changed
            if answer.status_code != 200:
                raise _Broken
        content.validator = answer.headers.get("etag", "")
        with cache.part(repo.name, file).open("ab") as handle:
            for chunk in answer.iter_raw():
                content.write(handle, chunk)
                if content.size > file.size:
                    return  # the checksum will be wrong
    if content.size < file.size:
        raise _Broken


def _goes_on(answer: httpx.Response, start: int, size: int) -> bool:
    """Whether a response continues at byte ``start`` of a file of ``size`` bytes."""
    if answer.status_code != 206:
        return start == 0
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("content-range", ""))
    return match is not None and int(match[1]) == start and match[2] in ("*", str(size))


def _lost(repo: Repo) -> StudioError:
    return StudioError(
        "connection_lost",
        f"The connection to {host()} was lost.",
        f"{repo.name} is incomplete.",
        "Try again: the download resumes where it stopped.",
        status=503,
    )


def disk_full() -> StudioError:
    """Return the error for a full disk."""
    return StudioError(
        "disk_full",
        "The disk is full.",
        f"There is no space left in {cache.root()}.",
        "Free up disk space, then try again. Everything downloaded so far is kept.",
        status=507,
    )


def _unwritable(error: OSError) -> StudioError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    return StudioError(
        "not_writable",
        "The download cannot be saved.",
        f"Writing to {cache.root()} failed: {error.strerror or error}.",
        "Fix that, or set HF_HOME to another folder.",
        status=500,
    )
