"""Thumbnails of a picture in the looks of Restyle."""

import re
from pathlib import Path

from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from api.file_responses import thumb_answer
from api.operations.registry import Absent, Id, Operations
from api.principal import Who
from engines.enhance.style_thumbnails import StyleThumbnails
from errors import not_found
from studio import Studio

_ENTRY, _PART = "style-transfer", "styles"
_STYLE = re.compile(r"style-\d\d")

operations = Operations()


class StyleThumbnailsView(BaseModel):
    """The looks whose thumbnails are ready; ``done`` if no more will follow."""

    model_config = ConfigDict(frozen=True)

    ready: list[str]
    done: bool


class StyleLooks:
    """The thumbnails of a studio's pictures."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.thumbnails = StyleThumbnails(lambda: studio.data.cache / "styles", self._network)

    def _network(self) -> Path:
        catalog = self.studio.catalog
        return catalog.path(catalog.get(_ENTRY), _PART)


@operations.add("POST /api/assets/{id}/styles", Absent.PAGE)
def make_style_thumbnails(looks: StyleLooks, who: Who, asset_id: Id) -> StyleThumbnailsView:
    """Make thumbnails of a picture in every built-in look, as long as you keep asking: the answer says which exist."""
    library = looks.studio.library
    if library.get(who, asset_id).kind != "image":
        raise not_found("picture")
    picture = library.thumb(who, asset_id) or library.file(who, asset_id)
    ready, done = looks.thumbnails.ask(asset_id, picture)
    return StyleThumbnailsView(ready=ready, done=done)


@operations.add("GET /api/assets/{id}/styles/{style}", Absent.BYTES)
def style_thumbnail(looks: StyleLooks, who: Who, asset_id: Id, style: str) -> FileResponse:
    """Return the thumbnail of a picture in a look, a small WebP picture, once it has been made."""
    looks.studio.library.get(who, asset_id)
    path = looks.thumbnails.path(asset_id, style)
    if not _STYLE.fullmatch(style) or not path.is_file():
        raise not_found("picture")
    return thumb_answer(path)
