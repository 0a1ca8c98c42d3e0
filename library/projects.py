"""Projects: who works on which, and the one in each person's hand."""

import time
import unicodedata
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from auth.principal import Principal
from auth.tables import User
from db import new_id
from errors import StudioError, not_found
from library.rights import visible
from library.tables import Project, ProjectInHand
from library.views import ProjectView

NAME_LENGTH = 80

_FIRST = uuid5(NAMESPACE_URL, "c41:shared work").hex


def listed(session: Session, who: Principal) -> list[ProjectView]:
    """The projects a person works on, oldest first."""
    _ensure_first(session)
    query = select(Project).where(visible(who)).order_by(Project.created_at, Project.id)
    return [_view(project, who) for project in session.scalars(query)]


def create(session: Session, who: Principal, name: str, shared: bool) -> ProjectView:
    """A new project. Raises StudioError for an empty or overlong name."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name or len(name) > NAME_LENGTH:
        raise StudioError(
            "bad_name",
            f"A project needs a name of 1 to {NAME_LENGTH} characters.",
            next="Give it one and try again.",
            status=422,
        )
    _ensure_first(session)
    project = Project(id=new_id(), name=name, owner_id=who.user_id, shared=shared, created_at=time.time())
    session.add(project)
    session.flush()
    return _view(project, who)


def require(session: Session, who: Principal, project_id: str) -> None:
    """Raises StudioError not_found unless the person works on the project."""
    _ensure_first(session)
    if session.scalar(select(Project.id).where(Project.id == project_id, visible(who))) is None:
        raise not_found("project")


def in_hand(session: Session, who: Principal) -> str | None:
    """The project a person works on now; None is their own work."""
    query = select(Project.id).join(ProjectInHand, ProjectInHand.project_id == Project.id)
    return session.scalar(query.where(ProjectInHand.user_id == who.user_id, visible(who)))


def take_in_hand(session: Session, who: Principal, project_id: str | None) -> None:
    """Work on a project from now on. Raises StudioError not_found."""
    if project_id is not None:
        require(session, who, project_id)
    row = insert(ProjectInHand).values(user_id=who.user_id, project_id=project_id)
    session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"project_id": project_id}))


def _ensure_first(session: Session) -> None:
    """The project every studio starts with, made when the first person is there to own it."""
    if session.get(Project, _FIRST) is not None:
        return
    owner = session.scalar(select(User.id).order_by(User.created_at, User.id).limit(1))
    if owner is None:
        return
    row = insert(Project).values(id=_FIRST, name="Shared work", owner_id=owner, shared=True, created_at=time.time())
    session.execute(row.on_conflict_do_nothing())


def _view(project: Project, who: Principal) -> ProjectView:
    return ProjectView(id=project.id, name=project.name, shared=project.shared, mine=project.owner_id == who.user_id)
