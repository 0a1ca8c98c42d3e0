"""REST: the library as a whole: what is in it, what takes room, what goes by itself; many files at once."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api.cleaning import cleaned, for_clients, not_for_clients
from api.principal import Who
from api.reading import Read, read
from api.receive import Sink, receive
from api.serving import disposition, file_name
from api.zipping import Opened, zipped
from auth.principal import Principal
from errors import StudioError
from library.views import AssetView, Deeds, Facets, Outcome, Space, Sweep
from studio import Studio

MOST_BYTES = 64 * 1024


class Chosen(BaseModel):
    """Assets to be put into one ZIP; ``clean`` without how they were made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...] = Field(min_length=1, max_length=500)
    clean: bool = False


async def _chosen(request: Request) -> Chosen:
    """From JSON, or from a form (``ids`` with commas), so that a browser saves the answer by itself."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise StudioError("too_much", "That is too much at once.", "A ZIP takes up to 500 files.", status=413)
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            fields = {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=8).items()}
            ids = tuple(part.strip() for part in fields.pop("ids", "").split(",") if part.strip())
            return Chosen.model_validate({**fields, "ids": ids})
        return Chosen.model_validate_json(bytes(body))
    except (ValidationError, ValueError) as error:
        raise StudioError(
            "bad_value",
            "It is not clear which files are meant.",
            next='Send {"ids": [up to 500], "clean": false}.',
            status=422,
        ) from error


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of the library."""
    library = studio.library

    @router.post("/api/assets/many", max_body_size=MOST_BYTES)
    def many_assets(who: Who, body: Deeds) -> Outcome:
        """Do one thing to up to 500 assets: ``{"ids", "do", "tag"?, "project_id"?}``."""
        return library.many(who, body)

    @router.post("/api/assets/zip")
    def zip_assets(who: Who, chosen: Annotated[Chosen, Depends(_chosen)]) -> StreamingResponse:
        """Up to 500 assets as one ZIP."""
        return zip_answer(studio, who, chosen)

    @router.post("/api/read")
    async def read_picture(request: Request, _: Who) -> Read:
        """How a picture was made, as a request for here: the body, or the field ``file`` of a form; nothing is kept."""
        with await run_in_threadpool(Sink, studio) as sink:
            await receive(request, sink, None)
            return await run_in_threadpool(read, sink.path, studio.catalog)

    @router.get("/api/library/facets")
    def facets(who: Who) -> Facets:
        """How many assets there are of each kind, model, person, tag and project."""
        return library.facets(who)

    @router.get("/api/library/space")
    def space(who: Who) -> Space:
        """What takes room on the disk, and whose it is."""
        return library.space(who, folders(studio))

    @router.get("/api/library/sweep")
    def going(who: Who) -> Sweep:
        """The steps on the way to something that go to one's bin by themselves, and when."""
        return library.going(who)

    @router.post("/api/library/sweep")
    def sweep(who: Who) -> Outcome:
        """Put what is due into one's bin now."""
        return Outcome(done=library.sweep(who))


def zip_answer(studio: Studio, who: Principal, chosen: Chosen) -> StreamingResponse:
    """A ZIP on its way. Raises StudioError as ``packed``."""
    name, content = packed(studio, who, chosen)
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "private, no-store"}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


def packed(studio: Studio, who: Principal, chosen: Chosen) -> tuple[str, Iterator[bytes]]:
    """A ZIP's name, after the project, and its bytes.

    Raises StudioError not_found, deleted_asset where one of the files may not be read, not_for_clients where a clean
    ZIP would be empty.
    """
    library = studio.library
    assets = [library.get(who, asset_id) for asset_id in dict.fromkeys(chosen.ids)]
    name = file_name(library.project_name(assets), ".zip")
    if not chosen.clean:
        return name, zipped(assets, _opener(studio, who, False), {asset.id: asset.title for asset in assets})
    assets = [asset for asset in assets if for_clients(asset)]
    if not assets:
        raise not_for_clients()
    return name, zipped(assets, _opener(studio, who, True), library.client_names(who, assets))


def _opener(studio: Studio, who: Principal, clean: bool) -> Opened:
    """Gives the files of assets this person may read, ``clean`` ones as copies that say nothing of their making."""

    @contextmanager
    def opened(asset: AssetView) -> Iterator[Path]:
        path = studio.library.file(who, asset.id)
        with cleaned(studio, asset, path) if clean else nullcontext(path) as given:
            yield given

    return opened


def folders(studio: Studio) -> dict[str, Path]:
    """The folders of models, by what they are called."""
    from engines.hub import cache

    starter = (studio.settings.starter or studio.data.starter).expanduser()
    return {"starter": starter, "models": studio.data.models, "downloads": cache.root(), "uploads": studio.data.uploads}
