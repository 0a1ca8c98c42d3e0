"""The signed-in person, their projects and their current project."""

from pydantic import BaseModel, ConfigDict

from api.bodies import JsonObject, wrong_shape
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from auth.accounts.principal import Role
from errors import not_found
from library.project_views import PinnedScript, ProjectChange, ProjectDetail
from library.views import ProjectView
from studio import Studio

operations = Operations()


class Me(BaseModel):
    """The signed-in person; ``project_id`` is their current project, None for their own work.

    ``people`` is the number of people who may sign in.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    role: Role
    via: str
    project_id: str | None
    people: int


@operations.add("GET /api/me", Absent.PAGE)
def me(studio: Studio, who: Who) -> Me:
    """Return the signed-in person and their current project."""
    return Me(
        id=who.user_id,
        name=who.name,
        role=who.role,
        via=who.via,
        project_id=studio.library.current_project(who),
        people=studio.accounts.count(),
    )


@operations.add("GET /api/projects")
def list_projects(studio: Studio, who: Who) -> list[ProjectView]:
    """List the person's projects, oldest first; archived ones are marked."""
    return studio.library.projects(who)


def _new_project(name: str, shared: bool = False) -> Json:
    return {"name": name, "shared": shared}


@operations.add("POST /api/projects", arguments=_new_project, status=201)
def create_project(studio: Studio, who: Who, body: JsonObject) -> ProjectView:
    """Create a project; shared: visible to every member of the studio."""
    name, shared = body.get("name"), body.get("shared", False)
    if not isinstance(name, str) or not isinstance(shared, bool) or body.keys() - {"name", "shared"}:
        raise wrong_shape('{"name": "…", "shared": false}')
    return studio.library.create_project(who, name, shared)


@operations.add("POST /api/projects/in-hand", Absent.PAGE, status=204)
def set_current_project(studio: Studio, who: Who, body: JsonObject) -> None:
    """Make ``{"project_id"}`` the current project; null for your own work."""
    project_id = body.get("project_id")
    if body.keys() != {"project_id"} or not isinstance(project_id, str | None):
        raise wrong_shape('{"project_id": "…"}')
    studio.library.set_current_project(who, project_id)


@operations.add("GET /api/projects/{id}")
def read_project(studio: Studio, who: Who, project_id: Id) -> ProjectDetail:
    """Return a project with its people, notes, script, cast and the number of its files by kind."""
    return studio.library.project(who, project_id)


@operations.add("PATCH /api/projects/{id}")
def change_project(studio: Studio, who: Who, project_id: Id, changes: ProjectChange = ProjectChange()) -> ProjectDetail:
    """Change a project: notes and script for everyone on it; name, shared, archived and people for its owner.

    script: {"message_id"} or {"asset_id"}, null removes it; people: ids of everyone added by name.
    """
    return studio.library.change_project(who, project_id, changes)


@operations.add("GET /api/projects/{id}/script")
def read_script(studio: Studio, who: Who, project_id: Id) -> PinnedScript:
    """Return the text pinned as a project's script."""
    script = studio.library.project(who, project_id).script
    if script is None:
        raise not_found("script")
    if script.asset_id is None:
        return script
    from engines.media.documents import read_document

    asset = studio.library.get(who, script.asset_id)
    document = read_document(studio.library.file(who, asset.id), asset.mime, asset.title)
    return script.model_copy(update={"text": document.text})
