"""Copies of files for clients, without prompts and metadata."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.file_responses import disposition, file_name
from api.uploads import incoming
from auth.accounts.principal import Principal
from db import new_id
from errors import StudioError
from library.views import AssetView
from studio import Studio

MB = 2**20
_REWRITTEN = {".jpg": "image/jpeg", ".png": "image/png"}
"""Types of the copies of HEIC and AVIF files."""
_MOST_BYTES_OF_A_PIXEL = 4
"""For those copies: an incompressible PNG with transparency."""


@contextmanager
def clean_copy_of(studio: Studio, asset: AssetView, path: Path) -> Iterator[Path]:
    """Yield a clean copy of an asset's file that exists for the duration of the block, with the suffix of its type.

    Raises StudioError disk_full, and as ``clean_copy``.
    """
    copy = _copy(studio, asset, path)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def for_clients(asset: AssetView) -> bool:
    """Return whether an asset is for clients; the result of a voice-over check is not."""
    return not (asset.provenance or {}).get("check")


def not_for_clients() -> StudioError:
    """Return the error if nothing selected is for clients."""
    return StudioError(
        "not_for_clients",
        "There is nothing for clients in the selection.",
        "It is only the result of a voice-over check.",
        "Download it without the client option.",
        status=422,
    )


def clean_answer(studio: Studio, who: Principal, asset: AssetView, path: Path) -> Response:
    """Return a download of a clean copy of an asset's file; the copy is deleted after sending.

    Raises StudioError not_for_clients, disk_full, and as ``clean_copy``.
    """
    if not for_clients(asset):
        raise not_for_clients()
    copy = _copy(studio, asset, path)
    name = studio.library.client_names(who, [asset])[asset.id]
    return FileResponse(
        copy,
        media_type=_REWRITTEN.get(copy.suffix, asset.mime),
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": disposition(file_name(name, copy.suffix)),
            "X-Content-Type-Options": "nosniff",
        },
        background=BackgroundTask(copy.unlink, missing_ok=True),
    )


def _copy(studio: Studio, asset: AssetView, path: Path) -> Path:
    from engines.media.strip_metadata.strip import clean_copy

    rewritten = asset.mime in ("image/heic", "image/avif")
    pixels = (asset.width or 0) * (asset.height or 0) if rewritten else 0
    check_room(studio, max(path.stat().st_size, pixels * _MOST_BYTES_OF_A_PIXEL))
    return clean_copy(path, incoming(studio.data) / f"{new_id()}{path.suffix}")


def check_room(studio: Studio, more: int) -> None:
    """Raise StudioError disk_full if ``more`` bytes would use the reserved free space."""
    if studio.data.free_bytes() - more < studio.settings.keep_free_mb * MB:
        raise StudioError(
            "disk_full",
            "There is not enough disk space for the copy.",
            "The disk of the studio is almost full.",
            "Free up space, or download the files one by one without the client option.",
            status=507,
        )
