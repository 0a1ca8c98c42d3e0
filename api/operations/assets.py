"""Single assets: files made here or uploaded."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from api.bodies import MOST_BYTES, Body
from api.client_copies import clean_answer
from api.file_responses import file_answer, proxy_answer, thumb_answer
from api.frames import first_frame, grab_still, last_frame
from api.gradio_files import uploaded_asset
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from api.upload_stream import Sink, receive
from api.uploads import take_file
from errors import not_found
from jobs.views import JobView
from library.views import AssetChange, AssetFamily, AssetIndex, AssetPage, AssetView, Kind, read_old_favorite
from studio import Studio

operations = Operations()

_MOST_SECONDS = 1_000_000
"""Of a moment in a clip; FFmpeg cannot count much further."""


class AssetQuery(BaseModel):
    """Filters and paging for a list of assets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str | None = Field(None, max_length=400)
    project_id: str | None = None
    kind: Kind | None = None
    job_id: str | None = None
    origin: Literal["made", "upload"] | None = None
    owner: str | None = None
    model: str | None = None
    tag: str | None = None
    favorite: bool = False
    since: float | None = Field(None, allow_inf_nan=False)
    until: float | None = Field(None, allow_inf_nan=False)
    after: str | None = None
    limit: int = Field(50, ge=1, le=200)
    deleted: bool = False
    originals: bool = False

    _old_favorite = model_validator(mode="before")(read_old_favorite)


def _asset_query(
    project_id: str | None = None,
    kind: str | None = None,
    job_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
    q: str | None = None,
    options: Json | None = None,
) -> Json:
    named = {"project_id": project_id, "kind": kind, "job_id": job_id, "after": after, "limit": limit, "q": q}
    return {**(options or {}), **named}


@operations.add("GET /api/assets", arguments=_asset_query)
def list_assets(studio: Studio, who: Who, query: Annotated[AssetQuery, Query()]) -> AssetPage:
    """List assets, newest first. For the next page, pass next as after. Files: /api/assets/ID/file.

    q searches; options: tag, favorite, owner, model, origin, since, until, deleted, originals (no reproductions).
    """
    return studio.library.page(who, **query.model_dump())


@operations.add("GET /api/library/index", Absent.PAGE)
def asset_index(studio: Studio, who: Who, query: Annotated[AssetQuery, Query()]) -> AssetIndex:
    """Return the ids of all assets in a list, newest first; each of ``moments`` can be used as ``after``."""
    return studio.library.index(who, **query.model_dump(exclude={"after", "limit"}))


@operations.add("POST /api/assets", Absent.BYTES, status=201)
async def receive_asset(
    studio: Studio,
    who: Who,
    request: Request,
    name: Annotated[str | None, Query(max_length=400)] = None,
    project_id: str | None = None,
    source: Annotated[str | None, Query(max_length=400)] = None,
) -> AssetView:
    """Upload a file: as the whole body with ``?name=``, or as the field ``file`` of a form.

    ``source`` is where it comes from.
    """
    if project_id is not None:
        await run_in_threadpool(studio.library.require_project, who, project_id)
    with await run_in_threadpool(Sink, studio) as sink:
        name = await receive(request, sink, name)
        return await run_in_threadpool(take_file, studio, who, sink.path, name, project_id, source)


@operations.add(Absent.CLIENT)
def upload_asset(
    studio: Studio, who: Who, file: Json, project_id: str | None = None, source: str | None = None
) -> AssetView:
    """Upload a file (handle_file(path) in gradio_client); source: where it comes from. Returns the asset."""
    path, name = uploaded_asset(studio, who, file)
    return take_file(studio, who, path, name, project_id, source)


@operations.add("GET /api/assets/{id}", Absent.PAGE)
def asset(studio: Studio, who: Who, asset_id: Id) -> AssetView:
    """Return an asset, even if it is in your bin."""
    return studio.library.get(who, asset_id, deleted=True)


@operations.add("PATCH /api/assets/{id}", max_body_size=MOST_BYTES)
def change_asset(studio: Studio, who: Who, asset_id: Id, changes: AssetChange = AssetChange()) -> AssetView:
    """Change an asset: favorite, title, tags, source, project_id, triggers (of a LoRA). Returns the asset."""
    return studio.library.change(who, asset_id, changes)


@operations.add("GET /api/assets/{id}/family")
def asset_family(studio: Studio, who: Who, asset_id: Id) -> AssetFamily:
    """Return what an asset was made from (parents) and what was made from it (children)."""
    return studio.library.family(who, asset_id)


@operations.add("DELETE /api/assets/{id}", Absent.PAGE, status=204)
def delete_asset(studio: Studio, who: Who, asset_id: Id) -> None:
    """Move your asset to the bin, where it stays for 30 days."""
    studio.library.delete(who, asset_id)


@operations.add("POST /api/assets/{id}/restore", Absent.PAGE)
def restore_asset(studio: Studio, who: Who, asset_id: Id) -> AssetView:
    """Restore your asset from the bin."""
    return studio.library.restore(who, asset_id)


@operations.add("POST /api/assets/{id}/reproduce", Absent.PAGE, status=201)
def reproduce_asset(studio: Studio, who: Who, asset_id: Id) -> JobView:
    """Generate an asset again from its record and compare the two."""
    return studio.jobs.reproduce(who, asset_id)


@operations.add("POST /api/assets/{id}/last-frame", Absent.PAGE, status=201)
def last_frame_of_clip(studio: Studio, who: Who, asset_id: Id) -> AssetView:
    """Save the last frame of a clip as a picture, from which a next clip can start."""
    return last_frame(studio, who, asset_id)


class StillBody(Body):
    """A moment of a clip, in seconds from its beginning."""

    seconds: float = Field(ge=0, le=_MOST_SECONDS, allow_inf_nan=False)


@operations.add("POST /api/assets/{id}/still", Absent.PAGE, status=201)
def still_of_clip(studio: Studio, who: Who, asset_id: Id, body: StillBody) -> AssetView:
    """Save the frame of a clip that is on screen at ``seconds`` as a picture in the library."""
    return grab_still(studio, who, asset_id, body.seconds)


@operations.add("GET HEAD /api/assets/{id}/file", Absent.BYTES)
def asset_file(
    studio: Studio, who: Who, request: Request, asset_id: Id, download: bool = False, clean: bool = False
) -> Response:
    """Return the file, with range requests; ``?download=1`` saves it under its title.

    ``&clean=1`` returns a copy for clients, without prompts and metadata, named after its project.
    """
    asset, path = studio.library.get(who, asset_id), studio.library.file(who, asset_id)
    return clean_answer(studio, who, asset, path) if clean else file_answer(request, asset, path, download=download)


@operations.add("GET /api/assets/{id}/proxy", Absent.BYTES)
def asset_proxy(studio: Studio, who: Who, asset_id: Id) -> FileResponse:
    """Return the small copy of a clip that browsers cannot play, with range requests."""
    path = studio.library.proxy(who, asset_id)
    if path is None:
        raise not_found("clip")
    return proxy_answer(path)


@operations.add("GET /api/assets/{id}/first-frame", Absent.BYTES)
def asset_first_frame(studio: Studio, who: Who, asset_id: Id) -> Response:
    """Return the first frame of a clip as a JPEG, to paint a mask on."""
    return Response(first_frame(studio, who, asset_id), media_type="image/jpeg")


@operations.add("GET /api/assets/{id}/thumb", Absent.BYTES)
def asset_thumb(studio: Studio, who: Who, asset_id: Id) -> FileResponse:
    """Return the asset's thumbnail, a small WebP picture."""
    path = studio.library.thumb(who, asset_id)
    if path is None:
        raise not_found("picture")
    return thumb_answer(path)
