"""What a library is made of, counted: the values that a list can be narrowed to."""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.principal import Principal
from auth.tables import User
from library.rights import readable, visible
from library.search import OWN
from library.tables import Asset, AssetTag, Favourite, Project
from library.views import Facet, Facets


def facets(session: Session, who: Principal) -> Facets:
    """How many assets there are of each kind, model, person, tag and project that a person may see."""
    columns = (Asset.owner_id, Asset.project_id, Asset.kind, Asset.model, Asset.deleted_at.is_(None))
    kinds, models, people, projects = (Counter[str]() for _ in range(4))
    deleted = 0
    query = select(*columns, func.count()).where(readable(who)).group_by(*columns)
    for owner, project, kind, model, live, count in session.execute(query):
        if not live:
            deleted += count
            continue
        kinds[kind] += count
        people[owner] += count
        projects[project or OWN] += count
        if model:
            models[model] += count
    return Facets(
        total=kinds.total(),
        favourites=_favourites(session, who),
        deleted=deleted,
        kinds=_listed(kinds),
        models=_listed(models),
        people=_listed(people, dict(session.execute(select(User.id, User.name)).tuples().all())),
        tags=_listed(_tags(session, who)),
        projects=_listed(projects, _projects(session, who)),
    )


def _favourites(session: Session, who: Principal) -> int:
    query = select(func.count()).select_from(Favourite).join(Asset, Asset.id == Favourite.asset_id)
    mine = query.where(Favourite.user_id == who.user_id, Asset.deleted_at.is_(None), readable(who))
    return session.scalar(mine) or 0


def _tags(session: Session, who: Principal) -> Counter[str]:
    query = select(AssetTag.tag, func.count()).join(Asset, Asset.id == AssetTag.asset_id)
    seen = query.where(Asset.deleted_at.is_(None), readable(who)).group_by(AssetTag.tag)
    return Counter(dict(session.execute(seen).tuples().all()))


def _projects(session: Session, who: Principal) -> dict[str, str]:
    query = select(Project.id, Project.name).where(visible(who))
    return {**dict(session.execute(query).tuples().all()), OWN: "In no project"}


def _listed(counted: Counter[str], names: Mapping[str, str] | None = None) -> tuple[Facet, ...]:
    def listed() -> Iterable[Facet]:
        for value, count in counted.most_common():
            yield Facet(value=value, name=(names or {}).get(value, value), count=count)

    return tuple(listed())
