"""Files between gradio_client and the library: they pass through Gradio's cache, each with its owner."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from api.client_copies import check_room
from api.file_responses import file_name
from api.plain_json import PlainJson
from api.uploads import link
from auth.accounts.principal import Principal
from db import new_id
from errors import not_found
from studio import Studio


def hand_out(studio: Studio, who: Principal, asset_id: str) -> PlainJson:
    """Return an asset's file for gradio_client to download: a link to it, recorded as this person's upload."""
    asset = studio.library.get(who, asset_id)
    path = studio.library.file(who, asset_id)
    folder = studio.data.uploads / new_id()
    folder.mkdir()
    shown = folder / file_name(asset.title, path.suffix)
    link(path, shown)
    studio.accounts.record_upload(who.user_id, str(shown))
    return _file(shown, asset.mime)


def record(studio: Studio, who: Principal, name: str, content: Iterable[bytes]) -> PlainJson:
    """Write a file only this person can download; it is deleted after a day. Raises StudioError disk_full."""
    folder = studio.data.uploads / new_id()
    folder.mkdir()
    path = folder / name
    try:
        with path.open("wb") as file:
            for chunk in content:
                file.write(chunk)
                check_room(studio, len(chunk))
    except BaseException:
        path.unlink()  # a partial file is useless and may fill the disk
        raise
    studio.accounts.record_upload(who.user_id, str(path))
    return _file(path)


def _file(path: Path, mime: str | None = None) -> PlainJson:
    return PlainJson(
        gr.FileData(path=str(path), orig_name=path.name, size=path.stat().st_size, mime_type=mime).model_dump()
    )


def uploaded_asset(studio: Studio, who: Principal, file: Any) -> tuple[Path, str]:
    """Return the path and name of a file gradio_client uploaded. Raises not_found unless this person uploaded it."""
    path = Path(str(file.get("path") if isinstance(file, dict) else "")).resolve()
    if not path.is_relative_to(studio.data.uploads) or not studio.accounts.owns_upload(who.user_id, str(path)):
        raise not_found("uploaded file")
    return path, str(file.get("orig_name") or path.name)
