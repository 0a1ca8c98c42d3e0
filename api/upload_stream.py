"""Streams uploads to disk: never completely in memory, within the limits, nothing left if it is interrupted."""

import errno
import re
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote_to_bytes

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from api.uploads import incoming
from db import new_id
from errors import StudioError
from studio import Studio

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MB = 2**20

_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_EXTENDED = re.compile(rb";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[\w-]*'([^;\s]+)", re.I)


class Sink:
    """A temporary file for an upload, within the studio's limits; deleted after the block."""

    def __init__(self, studio: Studio) -> None:
        self.path = incoming(studio.data) / new_id()
        self.bytes = 0
        self._most = studio.settings.max_upload_mb * MB
        self._keep_free = studio.settings.keep_free_mb * MB
        self._data = studio.data
        self._file: BinaryIO | None = None
        self._checked = -1

    def __enter__(self) -> "Sink":
        self._file = self.path.open("wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file after writing, so that it can be read."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def expect(self, more: int) -> None:
        """Check before writing that ``more`` bytes are within the limits. Raises StudioError 413 or 507."""
        if self.bytes + more > self._most:
            raise StudioError(
                "too_large",
                "This file is too large.",
                f"The limit for uploads is {self._most // MB} MB.",
                "Use a smaller file, or raise --max-upload-mb.",
                status=413,
            )
        if self._data.free_bytes() - more < self._keep_free:
            raise _disk_full()

    def write(self, chunk: bytes) -> None:
        """Write a chunk. Raises StudioError 413 or 507."""
        assert self._file is not None
        if self.bytes + len(chunk) > self._most or self.bytes // (16 * MB) != self._checked:
            self.expect(len(chunk))
            self._checked = self.bytes // (16 * MB)
        try:
            self._file.write(chunk)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _disk_full() from error
            raise
        self.bytes += len(chunk)


async def receive(request: Request, sink: Sink, name: str | None) -> str:
    """Stream a request's body to ``sink``: raw, or the multipart field ``file``. Returns the file's name.

    Raises StudioError bad_upload, empty_upload, too_large, disk_full.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    form = _Form(options.get(b"boundary", b"")) if kind == b"multipart/form-data" else None
    length = request.headers.get("content-length", "")
    await run_in_threadpool(sink.expect, int(length) if length.isdecimal() else 0)
    async for block in _blocks(request):
        await run_in_threadpool(sink.write, form.feed(block) if form else block)
    await run_in_threadpool(sink.close)
    if form:
        form.end()
    if not sink.bytes:
        raise _empty(name or (form.name if form else ""))
    return name or (form.name if form else "") or "untitled"


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body in pieces of about 1 MB: a thread call per network packet would cost more than the writing."""
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= MB:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


class _Form:
    """Extracts the field ``file`` from a multipart stream."""

    def __init__(self, boundary: bytes) -> None:
        if not boundary:
            raise _bad_form()
        self.name = ""
        self._wanted = self._seen = self._whole = False
        self._out = bytearray()
        self._field = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise _bad_form() from error

    def feed(self, block: bytes) -> bytes:
        """Return the part of the file in a piece of the body."""
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise _bad_form() from error
        out = bytes(self._out)
        self._out.clear()
        return out

    def end(self) -> None:
        """End the body. Raises StudioError bad_upload if it is incomplete or had no file."""
        if not self._whole or not self._seen:
            raise _bad_form()

    def _begin(self) -> None:
        self._headers.clear()

    def _header(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._wanted = not self._seen and options.get(b"name") == b"file"
        if self._wanted:
            self._seen = True
            self.name = _file_name(self._headers[b"content-disposition"], options)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._out += data[start:end]

    def _end(self) -> None:
        self._whole = True


def _file_name(header: bytes, options: dict[bytes, bytes]) -> str:
    """Return the file name in a form, in UTF-8: ``filename*`` (RFC 5987) has priority over ``filename``.

    Browsers escape only quotation marks and line ends in a name, as %22, %0D and %0A:
    https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
    """
    if extended := _EXTENDED.search(_QUOTED.sub(b'""', header)):
        charset = "latin-1" if extended[1].lower() == b"iso-8859-1" else "utf-8"
        return unquote_to_bytes(extended[2]).decode(charset, "replace")
    name = options.get(b"filename", b"").decode("utf-8", "replace")
    return name.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")


def _empty(name: str) -> StudioError:
    what = f"“{name[:80]}” is empty (0 bytes)." if name else "The upload contains no file."
    return StudioError("empty_upload", what, next="Choose another file.", status=422)


def _bad_form() -> StudioError:
    return StudioError(
        "bad_upload",
        "The upload cannot be read.",
        "It is incomplete, or not a form with a field “file”.",
        "Send the file as the body, with its name in ?name=, or as the field “file”.",
        status=422,
    )


def _disk_full() -> StudioError:
    return StudioError(
        "disk_full",
        "There is not enough disk space for this file.",
        "The disk of the studio is almost full.",
        "Free up space, or lower --keep-free-mb.",
        status=507,
    )
