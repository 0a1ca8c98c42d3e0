"""Access rules for assets and projects as SQL, so that lists and single look-ups agree."""

from sqlalchemy import ColumnElement, and_, exists, or_, select

from auth.accounts.principal import Principal
from library.tables import Asset, Project, ProjectMember


def visible(who: Principal) -> ColumnElement[bool]:
    """Projects a person works on: their own, those they were added to, and the shared ones unless they are a guest."""
    member = exists().where(ProjectMember.project_id == Project.id, ProjectMember.user_id == who.user_id)
    rules: list[ColumnElement[bool]] = [Project.owner_id == who.user_id, member]
    if who.role != "guest":
        rules.append(Project.shared.is_(True))
    return or_(*rules)


def readable(who: Principal) -> ColumnElement[bool]:
    """Assets a person may read: their own, and those in projects they work on until the owner deletes them."""
    in_project = Asset.project_id.in_(select(Project.id).where(visible(who)))
    return or_(Asset.owner_id == who.user_id, and_(Asset.deleted_at.is_(None), in_project))
