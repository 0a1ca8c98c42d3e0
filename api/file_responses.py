"""File responses: with ranges, a suitable name, and headers that keep browsers from executing them."""

import re
import unicodedata
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import FileResponse

from library.files import NAME_BYTES, NAME_LENGTH, with_ending
from library.views import AssetView

_SHOWN_NOT_RUN = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; "
    "style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_BADGES = 40
"""The most characters of a file's name that its badges take."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')  # the last ones reverse text direction
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def file_answer(request: Request, asset: AssetView, path: Path, *, download: bool) -> Response:
    """Return an asset's file. Browsers have to revalidate a cached one each time."""
    headers = {**_SHOWN_NOT_RUN, "ETag": f'"{asset.content_sha256}"', "Cache-Control": "private, no-cache"}
    if _has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    name = file_name(title_of(asset), path.suffix)
    return FileResponse(
        path,
        media_type=asset.mime,
        headers=headers | {"Content-Disposition": disposition(name, "attachment" if download else "inline")},
    )


def thumb_answer(path: Path) -> FileResponse:
    """Return an asset's thumbnail, which never changes."""
    headers = {**_SHOWN_NOT_RUN, "Cache-Control": "private, max-age=31536000, immutable"}
    return FileResponse(path, media_type="image/webp", headers=headers)


def proxy_answer(path: Path) -> FileResponse:
    """Return the small copy of a clip, which never changes."""
    headers = {**_SHOWN_NOT_RUN, "Cache-Control": "private, max-age=31536000, immutable"}
    return FileResponse(path, media_type="video/mp4", headers=headers)


def disposition(name: str, kind: Literal["attachment", "inline"] = "attachment") -> str:
    """Return the Content-Disposition for saving a file as ``name``, which may have non-ASCII characters (RFC 6266).

    Clients that only read the old ``filename`` get an ASCII name.
    """
    if name.isascii():
        return f'{kind}; filename="{name}"'
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in letters)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_name(title: str, suffix: str) -> str:
    """Return a file name that is valid on every system."""
    stem = " ".join(_UNFIT.sub(" ", title).split())[:NAME_LENGTH]
    stem = stem.encode()[:NAME_BYTES].decode(errors="ignore").strip(". ")
    stem = f"_{stem}" if _RESERVED.fullmatch(stem) else stem
    return f"{stem or 'untitled'}{suffix}"


def title_of(asset: AssetView) -> str:
    """Return the title of an asset with its badges, as the name of its file."""
    badges = "".join(f" {badge}" for badge in asset.badges).replace("×", "x")
    return with_ending(asset.title, badges[:_BADGES])


def _has(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return etag in (part.strip().removeprefix("W/") for part in known.split(","))
