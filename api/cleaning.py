"""Files on their way out without how they were made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.serving import disposition, file_name
from api.uploads import incoming
from auth.principal import Principal
from db import new_id
from errors import StudioError
from library.views import AssetView
from studio import Studio

MB = 2**20
_REWRITTEN = {".jpg": "image/jpeg", ".png": "image/png"}
"""What copies of HEIC and AVIF are."""
_MOST_BYTES_OF_A_PIXEL = 4
"""Of these: PNG with transparency of which nothing can be compressed."""


@contextmanager
def cleaned(studio: Studio, asset: AssetView, path: Path) -> Iterator[Path]:
    """A clean copy of an asset's file for as long as the block lasts, with the ending of what it is.

    Raises StudioError disk_full, and as ``clean_copy``.
    """
    copy = _copy(studio, asset, path)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def for_clients(asset: AssetView) -> bool:
    """Whether something is anything to a client: what a check of a voice-over found is not."""
    return not (asset.provenance or {}).get("check")


def not_for_clients() -> StudioError:
    """The refusal where nothing that was chosen is."""
    return StudioError(
        "not_for_clients",
        "There is nothing for a client in it.",
        "It is what a check of a voice-over found.",
        "Download it as it is.",
        status=422,
    )


def clean_answer(studio: Studio, who: Principal, asset: AssetView, path: Path) -> Response:
    """A clean copy of an asset's file, to be saved; it is gone once it is sent.

    Raises StudioError not_for_clients, and like ``cleaned``.
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
    from engines.media.clean import clean_copy

    rewritten = asset.mime in ("image/heic", "image/avif")
    pixels = (asset.width or 0) * (asset.height or 0) if rewritten else 0
    check_room(studio, max(path.stat().st_size, pixels * _MOST_BYTES_OF_A_PIXEL))
    return clean_copy(path, incoming(studio.data) / f"{new_id()}{path.suffix}")


def check_room(studio: Studio, more: int) -> None:
    """Raises StudioError disk_full where ``more`` bytes on their way out would not fit beside what is kept free."""
    if studio.data.free_bytes() - more < studio.settings.keep_free_mb * MB:
        raise StudioError(
            "disk_full",
            "There is no room for a copy of that.",
            "The disk is almost full.",
            "Make room on it, or save the files one by one as they are.",
            status=507,
        )
