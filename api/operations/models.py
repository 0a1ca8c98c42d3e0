"""The models: listing, downloading, adding and removing them."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from api.bodies import JsonObject, wrong_shape
from api.model_views import ModelCard, ModelsView, SetView, card, cards, models_view, sets
from api.operations.registry import Absent, Id, Operations
from api.principal import Who
from api.server_paths import is_inside, no_guests, owner_only, server_path
from api.upload_stream import Sink, receive
from engines.catalog.entry import License
from engines.requests.hub import FetchModel
from errors import StudioError
from jobs.views import JobView
from library.files import rename
from studio import Studio

_UPLOADED = (".safetensors", ".gguf")

operations = Operations()


class RepositoryView(BaseModel):
    """A repository before it is added: the model as it would be added, or ``files`` to choose from."""

    model_config = ConfigDict(frozen=True)

    repo: str
    name: str = ""
    use: str = ""
    runtime: str = ""
    license: License | None = None
    gated: bool = False
    download_bytes: int = 0
    files: tuple[dict[str, Any], ...] = ()


class RemovalView(BaseModel):
    """The freed disk space in bytes; ``gone`` means that the model is no longer in the catalog."""

    model_config = ConfigDict(frozen=True)

    freed_bytes: int
    gone: bool


@operations.add("GET /api/models")
def list_models(studio: Studio, _: Who) -> list[ModelCard]:
    """List the models: what each is for and needs, whether it fits, whether it is installed."""
    return list(cards(studio))


@operations.add("GET /api/models/shelf", Absent.PAGE)
def model_shelf(studio: Studio, who: Who) -> ModelsView:
    """Return the models, the bundles and the disk space for the Models page."""
    return models_view(studio, may_change=who.role == "owner")


@operations.add("GET /api/models/sets", Absent.PAGE)
def model_sets(studio: Studio, _: Who) -> list[SetView]:
    """List the bundles: what is in each, what is still to download, which one suits this computer."""
    return list(sets(studio, cards(studio)))


@operations.add("GET /api/models/look", Absent.PAGE)
def look_at_repository(
    studio: Studio, who: Who, repo: Annotated[str, Query(min_length=1, max_length=300)], file: str = ""
) -> RepositoryView:
    """Inspect a Hugging Face repository before adding it."""
    no_guests(who)
    from engines.hub import address
    from engines.hub.add_model import choices, from_repository
    from engines.hub.client import Hub

    with Hub(studio.data.hub_token) as hub:
        try:
            entry = from_repository(studio.catalog, hub, repo, file)
        except StudioError as error:
            if error.problem.code != "choose_file":
                raise
            meant = address.read(repo)
            files = choices(hub.repo(meant.repo, meant.revision or "main"))
            return RepositoryView(repo=repo, files=tuple(one.model_dump() for one in files))
    known = {name: getattr(entry, name) for name in RepositoryView.model_fields if hasattr(entry, name)}
    return RepositoryView(repo=repo, **known)


@operations.add("GET /api/models/{id}", Absent.PAGE)
def model(studio: Studio, _: Who, model_id: Id) -> ModelCard:
    """Return one model."""
    return card(studio, studio.catalog.get(model_id))


@operations.add("POST /api/models/{id}/get", status=201)
def get_model(studio: Studio, who: Who, model_id: Id) -> JobView:
    """Download a model. Returns the job; its facts have bytes, bytes_total and bytes_per_second."""
    no_guests(who)
    return studio.jobs.submit(who, FetchModel(entry=model_id))


@operations.add("POST /api/models/free", Absent.PAGE, status=204)
def free_models(studio: Studio, who: Who) -> None:
    """Unload all models that no job is using."""
    studio.jobs.free_now(who)


@operations.add("DELETE /api/models/{id}", Absent.OWNER)
def delete_model(studio: Studio, who: Who, model_id: Id) -> RemovalView:
    """Delete a model's files, except shared ones. Files used in place stay; only the entry is removed."""
    owner_only(who)
    from engines.hub.remove_model import remove

    entry = studio.catalog.get(model_id)
    if studio.jobs.uses(model_id):
        raise StudioError(
            "in_use",
            f"{entry.name} is in use.",
            "A job is using it, waiting for it or downloading it.",
            "Wait for that job or cancel it.",
            status=409,
        )
    freed = remove(entry, studio.catalog, studio.data.catalog, studio.data.models, studio.jobs.downloading())
    studio.jobs.free_now(who)
    return RemovalView(freed_bytes=freed, gone=model_id not in studio.catalog.entries)


@operations.add("PUT /api/hub-token", Absent.OWNER, status=204)
def put_token(studio: Studio, who: Who, body: JsonObject) -> None:
    """Save a Hugging Face access token, ``{"token"}``, for gated models; an empty one removes it."""
    owner_only(who)
    from engines.hub import token

    token.write(studio.data.hub_token, _only(body, "token"))


@operations.add("POST /api/models/add", Absent.PAGE, status=201)
def add_model(studio: Studio, who: Who, body: JsonObject) -> ModelCard:
    """Add a model: ``{"repo", "file"}`` on Hugging Face, or ``{"path"}`` of a file or folder on this computer."""
    from engines.hub.add_model import enter, from_path, from_repository
    from engines.hub.client import Hub

    if "path" in body:
        entry = from_path(studio.catalog, server_path(studio, who, _only(body, "path")))
    else:
        no_guests(who)
        repo, file = body.get("repo"), body.get("file", "")
        if not isinstance(repo, str) or not isinstance(file, str) or body.keys() - {"repo", "file"}:
            raise wrong_shape('{"repo": "owner/name"} or {"path": "/…"}')
        with Hub(studio.data.hub_token) as hub:
            entry = from_repository(studio.catalog, hub, repo, file)
    return card(studio, enter(studio.catalog, entry, studio.data.catalog))


@operations.add("POST /api/models/scan", Absent.OWNER)
def scan_folder(studio: Studio, who: Who, body: JsonObject) -> dict[str, Any]:
    """List the models in the folder ``{"folder"}`` of this computer, and which can be used in place."""
    from engines.hub.scan import scan

    folder = server_path(studio, who, _only(body, "folder"))
    return scan(folder, lambda path: is_inside(studio, path)).model_dump(mode="json")


@operations.add("POST /api/models/bring", Absent.BYTES, status=201)
async def bring_model(studio: Studio, who: Who, request: Request, name: str | None = None) -> ModelCard:
    """Upload a model file (.safetensors, .gguf): as the body with ``?name=``, or as the field ``file`` of a form."""
    owner_only(who)
    with await run_in_threadpool(Sink, studio) as sink:
        called = await receive(request, sink, name)
        return await run_in_threadpool(_take_upload, studio, sink.path, called)


def _take_upload(studio: Studio, arrived: Path, name: str) -> ModelCard:
    """Keep an uploaded file if it is a usable model."""
    from engines.hub.add_model import enter, from_path, slug

    suffix = Path(name).suffix.lower()
    if suffix not in _UPLOADED:
        raise StudioError(
            "not_recognised",
            "Unsupported model file.",
            "Only .safetensors and .gguf are supported: other formats can run code when they are opened.",
            "Choose another file.",
            status=422,
        )
    studio.data.models.mkdir(mode=0o700, exist_ok=True)
    target, number = studio.data.models / f"{slug(Path(name).stem)}{suffix}", 1
    while target.exists():
        number += 1
        target = target.with_name(f"{slug(Path(name).stem)}-{number}{suffix}")
    rename(arrived, target)
    try:
        return card(studio, enter(studio.catalog, from_path(studio.catalog, target), studio.data.catalog))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _only(body: dict[str, Any], name: str) -> str:
    """Return the only field of a body, a text."""
    value = body.get(name)
    if body.keys() != {name} or not isinstance(value, str) or len(value) > 4096:
        raise wrong_shape(f'{{"{name}": "…"}}')
    return value
