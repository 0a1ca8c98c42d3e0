"""Projects: who works on which, and each person's current one."""

import time
import unicodedata
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from db import new_id
from errors import StudioError, not_found
from library.rights import visible
from library.tables import CurrentProject, Project
from library.views import ProjectView

NAME_LENGTH = 80

_FIRST = uuid5(NAMESPACE_URL, "c41:shared work").hex


def list_projects(session: Session, who: Principal) -> list[ProjectView]:
    """The projects a person works on, oldest first."""
    _ensure_first(session)
    query = select(Project).where(visible(who)).order_by(Project.created_at, Project.id)
    return [view(project, who) for project in session.scalars(query)]


def create(session: Session, who: Principal, name: str, shared: bool) -> ProjectView:
    """Create a project. Raises StudioError for an empty or overlong name."""
    name = valid_name(name)
    _ensure_first(session)
    project = Project(id=new_id(), name=name, owner_id=who.user_id, shared=shared, created_at=time.time())
    session.add(project)
    session.flush()
    return view(project, who)


def valid_name(name: str) -> str:
    """A project's name on one line, in NFC. Raises StudioError bad_name."""
    name = unicodedata.normalize("NFC", " ".join(name.encode("utf-8", "replace").decode().split()))
    if not name or len(name) > NAME_LENGTH:
        raise StudioError(
            "bad_name",
            f"A project needs a name of 1 to {NAME_LENGTH} characters.",
            next="Change the name, then try again.",
            status=422,
        )
    return name


def find(session: Session, who: Principal, project_id: str) -> Project:
    """A project the person works on. Raises StudioError not_found."""
    _ensure_first(session)
    project = session.scalar(select(Project).where(Project.id == project_id, visible(who)))
    if project is None:
        raise not_found("project")
    return project


def require(session: Session, who: Principal, project_id: str) -> None:
    """Raise StudioError not_found unless the person works on the project."""
    find(session, who, project_id)


def current_project(session: Session, who: Principal) -> str | None:
    """A person's current project; None is their own work, also once the project is archived."""
    query = select(Project.id).join(CurrentProject, CurrentProject.project_id == Project.id)
    mine = (CurrentProject.user_id == who.user_id, Project.archived_at.is_(None))
    return session.scalar(query.where(*mine, visible(who)))


def set_current_project(session: Session, who: Principal, project_id: str | None) -> None:
    """Make a project the person's current one. Raises StudioError not_found, project_archived."""
    if project_id is not None and (project := find(session, who, project_id)).archived_at is not None:
        raise StudioError(
            "project_archived", f"“{project.name}” is archived.", next="Restore it on its page first.", status=409
        )
    row = insert(CurrentProject).values(user_id=who.user_id, project_id=project_id)
    session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"project_id": project_id}))


def _ensure_first(session: Session) -> None:
    """Create the project every studio starts with, once there is a first person to own it."""
    if session.get(Project, _FIRST) is not None:
        return
    owner = session.scalar(select(User.id).order_by(User.created_at, User.id).limit(1))
    if owner is None:
        return
    row = insert(Project).values(id=_FIRST, name="Shared work", owner_id=owner, shared=True, created_at=time.time())
    session.execute(row.on_conflict_do_nothing())


def view(project: Project, who: Principal) -> ProjectView:
    """A project as one person sees it."""
    return ProjectView(
        id=project.id,
        name=project.name,
        shared=project.shared,
        mine=project.owner_id == who.user_id,
        archived=project.archived_at is not None,
    )
