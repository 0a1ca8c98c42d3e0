"""Answering with a file: in ranges, under a good name, and never run by a browser."""

import re
import unicodedata
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import FileResponse

from library.files import NAME_BYTES, NAME_LENGTH
from library.views import AssetView

_SHOWN_NOT_RUN = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; "
    "style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')  # the last ones turn a name around
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_answer(request: Request, asset: AssetView, path: Path, *, download: bool) -> Response:
    """An asset's file. A browser asks each time whether it may still show what it kept."""
    headers = {**_SHOWN_NOT_RUN, "ETag": f'"{asset.content_sha256}"', "Cache-Control": "private, no-cache"}
    if _has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    name = file_name(asset.title, path.suffix)
    return FileResponse(
        path,
        media_type=asset.mime,
        headers=headers | {"Content-Disposition": disposition(name, "attachment" if download else "inline")},
    )


def thumb_answer(path: Path) -> FileResponse:
    """An asset's thumbnail, which never changes."""
    headers = {**_SHOWN_NOT_RUN, "Cache-Control": "private, max-age=31536000, immutable"}
    return FileResponse(path, media_type="image/webp", headers=headers)


def disposition(name: str, kind: Literal["attachment", "inline"] = "attachment") -> str:
    """The Content-Disposition of a file to be saved under ``name``, a ``file_name`` in any script (RFC 6266).

    Clients that read only the old ``filename`` get a name in ASCII.
    """
    if name.isascii():
        return f'{kind}; filename="{name}"'
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in letters)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_name(title: str, suffix: str) -> str:
    """A name that every system can save a file under."""
    stem = " ".join(_UNFIT.sub(" ", title).split())[:NAME_LENGTH]
    stem = stem.encode()[:NAME_BYTES].decode(errors="ignore").strip(". ")
    stem = f"_{stem}" if _RESERVED.fullmatch(stem) else stem
    return f"{stem or 'untitled'}{suffix}"


def _has(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return etag in (part.strip().removeprefix("W/") for part in known.split(","))
