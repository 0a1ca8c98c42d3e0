"""REST: the models: what there is, getting, adding and removing them."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from api.bodies import JsonObject
from api.model_views import ModelCard, SetView, Shelf, card, cards, sets, shelf
from api.principal import Who
from api.receive import Sink, receive
from api.server_paths import is_inside, owner_only, server_path
from auth.principal import Principal
from engines.catalog.entry import Licence
from engines.requests.hub import FetchModel
from errors import StudioError
from jobs.views import JobView
from library.files import rename
from studio import Studio

_BROUGHT = (".safetensors", ".gguf")


class Look(BaseModel):
    """What a repository is, before it is entered: ``model`` as it would be entered, or ``files`` to choose from."""

    model_config = ConfigDict(frozen=True)

    repo: str
    name: str = ""
    use: str = ""
    runtime: str = ""
    licence: Licence | None = None
    gated: bool = False
    download_bytes: int = 0
    files: tuple[dict[str, Any], ...] = ()


class Freed(BaseModel):
    """How many bytes of the disk became free; ``gone`` says that the model is not in the catalog any more."""

    model_config = ConfigDict(frozen=True)

    freed_bytes: int
    gone: bool


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of models."""
    _add_looks(router, studio)
    _add_getting(router, studio)
    _add_adding(router, studio)


def _add_looks(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/models")
    def models(_: Who) -> list[ModelCard]:
        """The models: what each needs, whether it fits, whether it is installed."""
        return list(cards(studio))

    @router.get("/api/models/shelf")
    def model_shelf(who: Who) -> Shelf:
        """The models, the install sets and the disk, as the page shows them."""
        return shelf(studio, may_change=who.role == "owner")

    @router.get("/api/models/sets")
    def model_sets(_: Who) -> list[SetView]:
        """The install sets: what is in each, what is still to be fetched, which one is for this machine."""
        return list(sets(studio, cards(studio)))

    @router.get("/api/models/look")
    def look_at_repository(who: Who, repo: Annotated[str, Query(min_length=1, max_length=300)], file: str = "") -> Look:
        """What a repository of the hub is, before it is added."""
        _no_guests(who)
        from engines.hub import address
        from engines.hub.adding import choices, from_repository
        from engines.hub.client import Hub

        with Hub(studio.data.hub_token) as hub:
            try:
                entry = from_repository(studio.catalog, hub, repo, file)
            except StudioError as error:
                if error.problem.code != "choose_file":
                    raise
                meant = address.read(repo)
                found = choices(hub.repo(meant.repo, meant.revision or "main"))
                return Look(repo=repo, files=tuple(one.model_dump() for one in found))
        known = {name: getattr(entry, name) for name in Look.model_fields if hasattr(entry, name)}
        return Look(repo=repo, **known)

    @router.get("/api/models/{id}")
    def model(_: Who, id: str) -> ModelCard:
        """One model."""
        return card(studio, studio.catalog.get(id))


def _add_getting(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/models/{id}/get", status_code=201)
    def get_model(who: Who, id: str) -> JobView:
        """Download a model: a job like any other. One that is under way already is the answer."""
        _no_guests(who)
        return studio.jobs.submit(who, FetchModel(entry=id))

    @router.post("/api/models/free", status_code=204)
    def free_models(who: Who) -> None:
        """Drop every model from memory that no job is using."""
        studio.jobs.free_now(who)

    @router.delete("/api/models/{id}")
    def delete_model(who: Who, id: str) -> Freed:
        """Delete a model's files. Shared ones stay, as do files used in place: those are only forgotten."""
        owner_only(who)
        from engines.hub.removing import remove

        entry = studio.catalog.get(id)
        if studio.jobs.uses(id):
            raise StudioError(
                "in_use",
                f"{entry.name} is in use.",
                "A job works with it, waits for it, or is getting it.",
                "Wait for that job, or stop it.",
                status=409,
            )
        freed = remove(entry, studio.catalog, studio.data.catalog, studio.data.models, studio.jobs.downloading())
        studio.jobs.free_now(who)
        return Freed(freed_bytes=freed, gone=id not in studio.catalog.entries)

    @router.put("/api/hub-token", status_code=204)
    def put_token(who: Who, body: JsonObject) -> None:
        """Keep an access token of the hub, ``{"token"}``, for models that ask for consent; an empty one forgets it."""
        owner_only(who)
        from engines.hub import token

        token.write(studio.data.hub_token, _only(body, "token"))


def _add_adding(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/models/add", status_code=201)
    def add_model(who: Who, body: JsonObject) -> ModelCard:
        """Enter a model: ``{"repo", "file"}`` of the hub, or ``{"path"}`` of a file or folder on this machine."""
        from engines.hub.adding import enter, from_path, from_repository
        from engines.hub.client import Hub

        if "path" in body:
            entry = from_path(studio.catalog, server_path(studio, who, _only(body, "path")))
        else:
            _no_guests(who)
            repo, file = body.get("repo"), body.get("file", "")
            if not isinstance(repo, str) or not isinstance(file, str) or body.keys() - {"repo", "file"}:
                raise _misread('{"repo": "owner/name"} or {"path": "/…"}')
            with Hub(studio.data.hub_token) as hub:
                entry = from_repository(studio.catalog, hub, repo, file)
        return card(studio, enter(studio.catalog, entry, studio.data.catalog))

    @router.post("/api/models/scan")
    def scan_folder(who: Who, body: JsonObject) -> dict[str, Any]:
        """What models lie in the folder ``{"folder"}`` of this machine, and which can be used where they are."""
        from engines.hub.scan import scan

        folder = server_path(studio, who, _only(body, "folder"))
        return scan(folder, lambda path: is_inside(studio, path)).model_dump(mode="json")

    @router.post("/api/models/bring", status_code=201)
    async def bring_model(who: Who, request: Request, name: str | None = None) -> ModelCard:
        """Bring in a model file (.safetensors, .gguf): the body with ``?name=``, or the field ``file`` of a form."""
        from starlette.concurrency import run_in_threadpool

        owner_only(who)
        with Sink(studio) as sink:
            called = await receive(request, sink, name)
            return await run_in_threadpool(_bring, studio, sink.path, called)


def _bring(studio: Studio, arrived: Path, name: str) -> ModelCard:
    """Keep a file that arrived, where it is a model that can be used."""
    from engines.hub.adding import enter, from_path, slug

    suffix = Path(name).suffix.lower()
    if suffix not in _BROUGHT:
        raise StudioError(
            "not_recognised",
            "That is no model file the studio takes.",
            "It takes .safetensors and .gguf: other kinds can run programs when they are opened.",
            "Choose another file.",
            status=422,
        )
    studio.data.models.mkdir(mode=0o700, exist_ok=True)
    kept, number = studio.data.models / f"{slug(Path(name).stem)}{suffix}", 1
    while kept.exists():
        number += 1
        kept = kept.with_name(f"{slug(Path(name).stem)}-{number}{suffix}")
    rename(arrived, kept)
    try:
        return card(studio, enter(studio.catalog, from_path(studio.catalog, kept), studio.data.catalog))
    except BaseException:
        kept.unlink(missing_ok=True)
        raise


def _no_guests(who: Principal) -> None:
    if who.role == "guest":
        raise StudioError("not_allowed", "Guests cannot do that.", next="Ask the owner.", status=403)


def _only(body: dict[str, Any], name: str) -> str:
    """The one text that a body has."""
    value = body.get(name)
    if body.keys() != {name} or not isinstance(value, str) or len(value) > 4096:
        raise _misread(f'{{"{name}": "…"}}')
    return value


def _misread(shape: str) -> StudioError:
    return StudioError("bad_value", "The request cannot be understood.", next=f"Send {shape}.", status=422)
