"""Files between gradio_client and the library: both ways through Gradio's cache, each with its owner."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from api.cleaning import check_room
from api.plain import HandedOut
from api.serving import file_name
from api.uploads import link
from auth.principal import Principal
from db import new_id
from errors import not_found
from studio import Studio


def hand_out(studio: Studio, who: Principal, asset_id: str) -> HandedOut:
    """An asset's file as something gradio_client downloads: a second name for it, recorded as this person's own."""
    asset = studio.library.get(who, asset_id)
    path = studio.library.file(who, asset_id)
    folder = studio.data.uploads / new_id()
    folder.mkdir()
    shown = folder / file_name(asset.title, path.suffix)
    link(path, shown)
    studio.accounts.record_upload(who.user_id, str(shown))
    return _file(shown, asset.mime)


def record(studio: Studio, who: Principal, name: str, content: Iterable[bytes]) -> HandedOut:
    """A file made for this person alone to download; it goes by itself after a day. Raises StudioError disk_full."""
    folder = studio.data.uploads / new_id()
    folder.mkdir()
    path = folder / name
    try:
        with path.open("wb") as file:
            for chunk in content:
                file.write(chunk)
                check_room(studio, len(chunk))
    except BaseException:
        path.unlink()  # half of it is of no use, and may be what fills the disk
        raise
    studio.accounts.record_upload(who.user_id, str(path))
    return _file(path)


def _file(path: Path, mime: str | None = None) -> HandedOut:
    return HandedOut(
        gr.FileData(path=str(path), orig_name=path.name, size=path.stat().st_size, mime_type=mime).model_dump()
    )


def brought_in(studio: Studio, who: Principal, file: Any) -> tuple[Path, str]:
    """Where a file lies that gradio_client uploaded, and its name. Raises not_found unless this person brought it."""
    path = Path(str(file.get("path") if isinstance(file, dict) else "")).resolve()
    if not path.is_relative_to(studio.data.uploads) or not studio.accounts.owns_upload(who.user_id, str(path)):
        raise not_found("uploaded file")
    return path, str(file.get("orig_name") or path.name)
