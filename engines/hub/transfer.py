"""One file from the hub into the cache: on from where it stopped, however often the line breaks, until it is right."""

import errno
import hashlib
import logging
import re
from pathlib import Path
from typing import BinaryIO

import httpx

from engines.hub import cache
from engines.hub.client import Hub, HubFile, Repo, host
from engines.hub.tally import Tally
from errors import StudioError

log = logging.getLogger(__name__)

CHUNK = 1 << 20
PATIENCE = (0.5, 1, 2, 4, 8, 15, 30, 60, 60)
"""Seconds between tries in a row that bring nothing; after the last one it is given up."""


class _Broken(Exception):
    """The line broke before the file was whole."""


class _Content:
    """A part file, the sum of what is in it, and what the server that sent it calls it."""

    def __init__(self, path: Path, file: HubFile, tally: Tally) -> None:
        self._path = path
        self._file = file
        self._tally = tally
        self._start()
        if path.exists():
            self._read()

    def _start(self) -> None:
        self.size, self.validator = 0, ""
        self._sum = hashlib.sha256() if self._file.sha256 else hashlib.sha1(f"blob {self._file.size}\0".encode())

    def _read(self) -> None:
        with self._path.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                self._tally.check()
                self._sum.update(chunk)
                self.size += len(chunk)

    def write(self, handle: BinaryIO, chunk: bytes) -> None:
        """Take in what arrived."""
        handle.write(chunk)
        self._sum.update(chunk)
        self.size += len(chunk)
        self._tally.add(len(chunk))

    def clear(self) -> None:
        """Begin anew."""
        self._path.unlink(missing_ok=True)
        lost = self.size
        self._start()
        self._tally.add(-min(lost, self._file.size))

    @property
    def right(self) -> bool:
        """Whether everything is here and is what it should be."""
        return self.size == self._file.size and self._sum.hexdigest() == (self._file.sha256 or self._file.etag)


def transfer(hub: Hub, repo: Repo, file: HubFile, tally: Tally) -> None:
    """Bring a file's content into the cache. What is there of it is used; what turns out wrong is fetched once more.

    Raises StudioError connection_lost, damaged_download, disk_full or as the hub refuses; Stopped.
    """
    path = cache.part(repo.name, file)
    path.parent.mkdir(parents=True, exist_ok=True)
    with cache.alone(repo.name, file, tally.wait):
        if cache.blob(repo.name, file).exists():  # somebody else brought it meanwhile
            tally.add(file.size - cache.have(repo.name, file))
            return
        for last in (False, True):
            content = _Content(path, file, tally)
            try:
                _complete(hub, repo, file, content, tally)
            except OSError as error:
                raise _unwritable(error) from error
            if content.right:
                cache.keep(repo.name, file)
                return
            log.warning("%s of %s is not what it should be%s", file.path, repo.name, "" if last else ": once more")
            content.clear()
    raise StudioError(
        "damaged_download",
        f"{file.path} of {repo.name} arrived damaged twice.",
        "Its sum is not the one the hub gives.",
        "Nothing of it was kept. Try again later, or from another network.",
        status=502,
    )


def _complete(hub: Hub, repo: Repo, file: HubFile, content: _Content, tally: Tally) -> None:
    """Fetch what is missing, with longer and longer pauses where the line breaks."""
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
            tally.wait(PATIENCE[turn])
            turn += 1


def _append(hub: Hub, repo: Repo, file: HubFile, content: _Content) -> None:
    """One request. Raises _Broken where it ended early."""
    with hub.stream(repo, file.path, content.size, content.validator) as answer:
        if answer.status_code == 416 or not _goes_on(answer, content.size, file.size):
            content.clear()  # the server begins anew, or has another file than we have the beginning of
            if answer.status_code != 200:
                raise _Broken
        content.validator = answer.headers.get("etag", "")
        with cache.part(repo.name, file).open("ab") as handle:
            for chunk in answer.iter_raw():
                content.write(handle, chunk)
                if content.size > file.size:
                    return  # its sum will be wrong
    if content.size < file.size:
        raise _Broken


def _goes_on(answer: httpx.Response, start: int, size: int) -> bool:
    """Whether an answer continues at byte ``start`` of a file of ``size`` bytes."""
    if answer.status_code != 206:
        return start == 0
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("content-range", ""))
    return found is not None and int(found[1]) == start and found[2] in ("*", str(size))


def _lost(repo: Repo) -> StudioError:
    return StudioError(
        "connection_lost",
        f"The connection to {host()} broke off and did not come back.",
        f"{repo.name} is not complete.",
        "What has arrived is kept: try again and it goes on from there.",
        status=503,
    )


def disk_full() -> StudioError:
    """There is no room for what is being written."""
    return StudioError(
        "disk_full",
        "The disk is full.",
        f"There is no more room in {cache.root()}.",
        "Make room on it and try again: what has arrived is kept.",
        status=507,
    )


def _unwritable(error: OSError) -> StudioError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    return StudioError(
        "not_writable",
        "The download cannot be written.",
        f"The system says of {cache.root()}: {error.strerror or error}.",
        "Put that right, or choose another folder with HF_HOME.",
        status=500,
    )
