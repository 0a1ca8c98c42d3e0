"""Files on their way out without how they were made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.serving import file_name
from api.uploads import incoming
from db import new_id
from errors import StudioError
from library.views import AssetView
from studio import Studio

MB = 2**20


@contextmanager
def cleaned(studio: Studio, path: Path) -> Iterator[Path]:
    """A clean copy of a file for as long as the block lasts. Raises StudioError not_cleanable, bad_file, disk_full."""
    copy = _copy(studio, path)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def clean_answer(studio: Studio, asset: AssetView, path: Path) -> Response:
    """A clean copy of an asset's file, to be saved; it is gone once it is sent. Raises like ``cleaned``."""
    copy = _copy(studio, path)
    return FileResponse(
        copy,
        media_type=asset.mime,
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        filename=file_name(asset.title, path.suffix),
        background=BackgroundTask(copy.unlink, missing_ok=True),
    )


def _copy(studio: Studio, path: Path) -> Path:
    from engines.media.clean import clean_copy

    check_room(studio, path.stat().st_size)
    copy = incoming(studio.data) / f"{new_id()}{path.suffix}"
    clean_copy(path, copy)
    return copy


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
