"""The library as a whole: contents, storage, automatic deletion, and actions on many files."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.asset_zip import MOST_BYTES, ZipSelection, read_selection, zip_of
from api.file_responses import disposition
from api.gradio_files import record, uploaded_asset
from api.operations.registry import Absent, Json, Operations
from api.plain_json import PlainJson
from api.principal import Who
from api.read_settings import ReadSettings, read_settings
from api.upload_stream import Sink, receive
from library.views import BulkEdit, Facets, Outcome, Space, Sweep
from studio import Studio

operations = Operations()


@operations.add("POST /api/assets/many", Absent.PAGE, max_body_size=MOST_BYTES)
def many_assets(studio: Studio, who: Who, body: BulkEdit) -> Outcome:
    """Apply an action to up to 500 assets: ``{"ids", "do", "tag"?, "project_id"?}``."""
    return studio.library.many(who, body)


@operations.add("POST /api/assets/zip", Absent.BYTES)
def zip_assets(studio: Studio, who: Who, selection: Annotated[ZipSelection, Depends(read_selection)]) -> Response:
    """Download up to 500 assets as a ZIP; with check, only learn whether that is possible."""
    name, content = zip_of(studio, who, selection)
    if selection.check:
        return Response(status_code=204)
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "private, no-store"}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


@operations.add(Absent.CLIENT)
def export_assets(studio: Studio, who: Who, asset_ids: list[str], clean: bool = False) -> PlainJson:
    """Download up to 500 assets as a ZIP (by gradio_client); clean: without prompts and metadata."""
    return record(studio, who, *zip_of(studio, who, ZipSelection(ids=tuple(asset_ids), clean=clean)))


@operations.add("POST /api/read", Absent.BYTES)
async def receive_picture(studio: Studio, _: Who, request: Request) -> ReadSettings:
    """Read a picture's settings as a request: from the body, or the field ``file`` of a form. The file is not kept."""
    with await run_in_threadpool(Sink, studio) as sink:
        await receive(request, sink, None)
        return await run_in_threadpool(read_settings, sink.path, studio.catalog)


@operations.add(Absent.CLIENT)
def read_picture(studio: Studio, who: Who, file: Json) -> ReadSettings:
    """Read the settings of a picture made here or elsewhere, as a request. The file is not kept."""
    path, _ = uploaded_asset(studio, who, file)
    return read_settings(path, studio.catalog)


@operations.add("GET /api/library/facets", Absent.PAGE)
def facets(studio: Studio, who: Who) -> Facets:
    """Return the number of assets of each kind, model, person, tag and project."""
    return studio.library.facets(who)


@operations.add("GET /api/library/space", Absent.PAGE)
def space(studio: Studio, who: Who) -> Space:
    """Return what uses disk space, and whose it is."""
    from engines.hub import cache

    starter = (studio.settings.starter or studio.data.starter).expanduser()
    own = {"starter": starter, "models": studio.data.models, "uploads": studio.data.uploads}
    return studio.library.space(who, own | {"downloads": cache.root()})


@operations.add("GET /api/library/sweep", Absent.PAGE)
def going(studio: Studio, who: Who) -> Sweep:
    """List the intermediate steps that will move to your bin automatically, and when."""
    return studio.library.going(who)


@operations.add("POST /api/library/sweep", Absent.PAGE)
def sweep(studio: Studio, who: Who) -> Outcome:
    """Move what is due to your bin now."""
    return Outcome(done=studio.library.sweep(who))
