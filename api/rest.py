"""The REST routes: the studio for programs, and for the parts of the page that poll."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from api import (
    rest_assets,
    rest_cast,
    rest_jobs,
    rest_language,
    rest_library,
    rest_loras,
    rest_models,
    rest_presets,
    rest_recipes,
    rest_speech,
    rest_studio,
    rest_writing,
    schema,
)
from api.bodies import JsonObject
from api.counted import router_counted_by
from api.metrics import CONTENT_TYPE, Metrics
from api.principal import Who
from auth.principal import Role
from errors import StudioError
from library.views import ProjectView
from studio import Studio


class Me(BaseModel):
    """The one who asks; ``project_id`` is the project in their hand, None for their own work.

    ``people`` counts who may sign in here.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: Role
    via: str
    project_id: str | None
    people: int


def router(studio: Studio) -> APIRouter:
    """Every route of ours but signing in."""
    metrics = Metrics(studio)
    routes = router_counted_by(metrics.requests)
    rest_jobs.add_to(routes, studio)
    rest_library.add_to(routes, studio)  # before single assets: “many” is no id
    rest_assets.add_to(routes, studio)
    rest_loras.add_to(routes, studio)
    rest_models.add_to(routes, studio)
    rest_cast.add_to(routes, studio)
    rest_presets.add_to(routes, studio)
    rest_speech.add_to(routes, studio)
    rest_writing.add_to(routes, studio)
    rest_recipes.add_to(routes, studio)
    rest_language.add_to(routes, studio)
    rest_studio.add_to(routes, studio)
    _add_projects(routes, studio)
    _add_schemas(routes, studio)
    _add_health(routes, metrics)
    return routes


def _add_projects(router: APIRouter, studio: Studio) -> None:
    library = studio.library

    @router.get("/api/me")
    def me(who: Who) -> Me:
        """Who asks, and the project in their hand."""
        return Me(
            id=who.user_id,
            name=who.name,
            role=who.role,
            via=who.via,
            project_id=library.project_in_hand(who),
            people=studio.accounts.count(),
        )

    @router.get("/api/projects")
    def projects(who: Who) -> list[ProjectView]:
        """The projects the person works on."""
        return library.projects(who)

    @router.post("/api/projects", status_code=201)
    def create_project(who: Who, body: JsonObject) -> ProjectView:
        """A new project from ``{"name", "shared"}``."""
        name, shared = body.get("name"), body.get("shared", False)
        if not isinstance(name, str) or not isinstance(shared, bool) or body.keys() - {"name", "shared"}:
            raise _misread('{"name": "…", "shared": false}')
        return library.create_project(who, name, shared)

    @router.post("/api/projects/in-hand", status_code=204)
    def take_in_hand(who: Who, body: JsonObject) -> None:
        """Work on ``{"project_id"}`` from now on; null for one's own work."""
        project_id = body.get("project_id")
        if body.keys() != {"project_id"} or not isinstance(project_id, str | None):
            raise _misread('{"project_id": "…"}')
        library.take_in_hand(who, project_id)


def _add_schemas(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/schema")
    def tasks(_: Who) -> list[schema.TaskView]:
        """What can be asked for."""
        return schema.tasks(studio.catalog)

    @router.get("/api/schema/{task}")
    def request_schema(_: Who, task: str) -> dict[str, Any]:
        """The JSON Schema of a task's request, with the choices this machine offers."""
        return schema.request_schema(studio.catalog, task)


def _add_health(router: APIRouter, metrics: Metrics) -> None:
    @router.get("/healthz")
    async def health() -> Response:
        """“ok” while the studio answers."""
        return Response("ok", media_type="text/plain")

    @router.get("/metrics")
    def figures() -> Response:
        """Figures for Prometheus; the gate says who may read them."""
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})


def _misread(shape: str) -> StudioError:
    return StudioError("bad_value", "The request cannot be understood.", next=f"Send {shape}.", status=422)
