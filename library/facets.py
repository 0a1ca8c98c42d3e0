"""Facets of the library: the values that a list can be filtered by, with counts."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Integer, Select, and_, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from library.rights import readable, visible
from library.search import OWN
from library.tables import Asset, AssetTag, Favorite, Project
from library.views import Facet, Facets


def facets(session: Session, who: Principal) -> Facets:
    """The number of assets a person may see per kind, model, person, tag and project."""
    kinds, models, people, projects = (Counter[str]() for _ in range(4))
    deleted = 0
    for owner, project, kind, model, count, live in session.execute(_counted(who)):
        deleted += count - live if owner == who.user_id else 0
        kinds[kind] += live
        people[owner] += live
        projects[project or OWN] += live
        if model:
            models[model] += live
    return Facets(
        total=kinds.total(),
        favorites=_favorites(session, who),
        deleted=deleted,
        kinds=_listed(kinds),
        models=_listed(models),
        people=_listed(people, dict(session.execute(select(User.id, User.name)).tuples().all())),
        tags=_listed(_tags(session, who)),
        projects=_listed(projects, _projects(session, who)),
    )


def _counted(who: Principal) -> Select[str, str | None, str, str | None, int, int]:
    """Counts of everyone's assets along one index, filtered to the person's own and those in their projects.

    The filter comes after the count: otherwise SQLite would look up each asset.
    """
    columns = (Asset.owner_id, Asset.project_id, Asset.kind, Asset.model)
    live = func.sum(type_coerce(Asset.deleted_at.is_(None), Integer))
    counted = select(*columns, func.count().label("count"), live.label("live")).group_by(*columns).subquery()
    in_project = counted.c.project_id.in_(select(Project.id).where(visible(who)))
    return select(counted).where(or_(counted.c.owner_id == who.user_id, in_project))


def _favorites(session: Session, who: Principal) -> int:
    query = select(func.count()).select_from(Favorite).join(Asset, Asset.id == Favorite.asset_id)
    mine = query.where(Favorite.user_id == who.user_id, Asset.deleted_at.is_(None), readable(who))
    return session.scalar(mine) or 0


def _tags(session: Session, who: Principal) -> Counter[str]:
    visible_count = func.sum(
        type_coerce(and_(Asset.deleted_at.is_(None), readable(who)), Integer)
    )  # as a sum, so that the query starts from the few tags
    query = select(AssetTag.tag, visible_count).join(Asset, Asset.id == AssetTag.asset_id).group_by(AssetTag.tag)
    return Counter(dict(session.execute(query).tuples().all()))


def _projects(session: Session, who: Principal) -> dict[str, str]:
    query = select(Project.id, Project.name).where(visible(who))
    return {**dict(session.execute(query).tuples().all()), OWN: "In no project"}


def _listed(counted: Counter[str], names: Mapping[str, str] | None = None) -> tuple[Facet, ...]:
    def listed() -> Iterable[Facet]:
        for value, count in counted.most_common():
            if count:
                yield Facet(value=value, name=(names or {}).get(value, value), count=count)

    return tuple(listed())
