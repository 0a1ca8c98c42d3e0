"""REST: files made here or brought in."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.bodies import MOST_BYTES
from api.cleaning import clean_answer
from api.principal import Who
from api.receive import Sink, receive
from api.serving import file_answer, thumb_answer
from api.stills import last_frame
from api.uploads import take_file
from errors import not_found
from jobs.views import JobView
from library.views import AssetChange, AssetIndex, AssetPage, AssetView, Family, Kind
from studio import Studio


class AssetQuery(BaseModel):
    """Which assets, and how many of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str | None = Field(None, max_length=400)
    project_id: str | None = None
    kind: Kind | None = None
    job_id: str | None = None
    origin: Literal["made", "upload"] | None = None
    owner: str | None = None
    model: str | None = None
    tag: str | None = None
    favourite: bool = False
    since: float | None = Field(None, allow_inf_nan=False)
    until: float | None = Field(None, allow_inf_nan=False)
    after: str | None = None
    limit: int = Field(50, ge=1, le=200)
    deleted: bool = False


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of assets."""
    library = studio.library

    @router.get("/api/assets")
    def assets(who: Who, asked: Annotated[AssetQuery, Query()]) -> AssetPage:
        """Assets, newest first; ``next`` of the answer goes into ``after`` for the next page."""
        return library.page(who, **asked.model_dump())

    @router.get("/api/library/index")
    def index(who: Who, asked: Annotated[AssetQuery, Query()]) -> AssetIndex:
        """The ids of all assets of a list, newest first; each of ``moments`` can be an ``after``."""
        return library.index(who, **asked.model_dump(exclude={"after", "limit"}))

    @router.post("/api/assets", status_code=201)
    async def upload_asset(
        request: Request,
        who: Who,
        name: Annotated[str | None, Query(max_length=400)] = None,
        project_id: str | None = None,
        source: Annotated[str | None, Query(max_length=400)] = None,
    ) -> AssetView:
        """Bring a file in: as the whole body with ``?name=``, or as the field ``file`` of a form.

        ``source`` says where it comes from.
        """
        if project_id is not None:
            await run_in_threadpool(library.require_project, who, project_id)
        with await run_in_threadpool(Sink, studio) as sink:
            name = await receive(request, sink, name)
            return await run_in_threadpool(take_file, studio, who, sink.path, name, project_id, source)

    _add_one(router, studio)


def _add_one(router: APIRouter, studio: Studio) -> None:
    library = studio.library

    @router.get("/api/assets/{id}")
    def asset(who: Who, id: str) -> AssetView:
        """What is known of an asset, also in one's own bin."""
        return library.get(who, id, deleted=True)

    @router.patch("/api/assets/{id}", max_body_size=MOST_BYTES)
    def change_asset(who: Who, id: str, body: AssetChange = AssetChange()) -> AssetView:
        """Make it a favourite of one's own; change the title, tags, source, project and triggers of one's own."""
        return library.change(who, id, body)

    @router.get("/api/assets/{id}/family")
    def asset_family(who: Who, id: str) -> Family:
        """What an asset was made from and what was made from it."""
        return library.family(who, id)

    _add_fates(router, studio)
    _add_files(router, studio)


def _add_fates(router: APIRouter, studio: Studio) -> None:
    library = studio.library

    @router.delete("/api/assets/{id}", status_code=204)
    def delete_asset(who: Who, id: str) -> None:
        """Put one's own asset into the bin, for 30 days."""
        library.delete(who, id)

    @router.post("/api/assets/{id}/restore")
    def restore_asset(who: Who, id: str) -> AssetView:
        """Take one's own asset out of the bin."""
        return library.restore(who, id)

    @router.post("/api/assets/{id}/reproduce", status_code=201)
    def reproduce_asset(who: Who, id: str) -> JobView:
        """Make an asset again from its record, and compare."""
        return studio.jobs.reproduce(who, id)

    @router.post("/api/assets/{id}/last-frame", status_code=201)
    def last_frame_of_clip(who: Who, id: str) -> AssetView:
        """The last frame of a clip as a picture, where a next clip can begin."""
        return last_frame(studio, who, id)


def _add_files(router: APIRouter, studio: Studio) -> None:
    library = studio.library

    @router.get("/api/assets/{id}/file")
    @router.head("/api/assets/{id}/file", include_in_schema=False)
    def asset_file(request: Request, who: Who, id: str, download: bool = False, clean: bool = False) -> Response:
        """The file itself, in ranges where asked; ``?download=1`` to save it under its title.

        ``&clean=1``: a copy for clients, which does not say how it was made and is called by its project.
        """
        found, path = library.get(who, id), library.file(who, id)
        return clean_answer(studio, who, found, path) if clean else file_answer(request, found, path, download=download)

    @router.get("/api/assets/{id}/thumb")
    def asset_thumb(who: Who, id: str) -> FileResponse:
        """A small WebP picture that stands for the asset."""
        path = library.thumb(who, id)
        if path is None:
            raise not_found("picture")
        return thumb_answer(path)
