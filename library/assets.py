"""Single assets and pages of them, as one person may see them."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from errors import StudioError, not_found
from library.rights import readable, visible
from library.rows import whole_rows
from library.search import WORDS, LibraryQuery, between, matching
from library.tables import Asset, AssetParent, AssetTag, Favorite, Project
from library.views import AssetFamily, AssetIndex, AssetPage, AssetView

PAGE_LIMIT = 200

MASK = "mask"
"""The source of a mask painted in the studio: an intermediate step, kept as long as the results made with it."""


def find(session: Session, who: Principal, asset_id: str, *, deleted: bool = False) -> Asset:
    """An asset that may be read. Raises StudioError not_found, or deleted_asset for the owner's own bin."""
    asset = session.scalar(select(Asset).where(Asset.id == asset_id, readable(who)))
    if asset is None:
        raise not_found("file")
    if asset.deleted_at is not None and not deleted:
        raise StudioError(
            "deleted_asset",
            f"“{asset.title}” is in the bin.",
            next="Restore it first, or choose another file.",
            status=410,
        )
    return asset


def find_own(session: Session, who: Principal, asset_id: str) -> Asset:
    """An asset that its owner may change, deleted or not. Raises StudioError not_found or not_yours."""
    asset = find(session, who, asset_id, deleted=True)
    if asset.owner_id != who.user_id:
        raise StudioError("not_yours", f"“{asset.title}” is someone else's.", "Only they can change it.", status=403)
    return asset


def page(session: Session, who: Principal, wanted: LibraryQuery, after: str | None, limit: int) -> AssetPage:
    """Assets, newest first, continuing after the position ``after``."""
    limit = max(1, min(limit, PAGE_LIMIT))
    query = select(WORDS.c.rowid).join_from(WORDS, Asset, Asset.moment == WORDS.c.rowid)
    query = query.where(*_query(session, who, wanted, after)).order_by(WORDS.c.rowid.desc()).limit(limit + 1)
    moments = list(session.scalars(query))
    shown = select(Asset).where(Asset.moment.in_(moments[:limit])).order_by(Asset.moment.desc())
    more = moments[limit - 1] if len(moments) > limit else None
    return AssetPage(
        assets=views(session, who, whole_rows(session, Asset, shown)), next=str(more) if more is not None else None
    )


def index(session: Session, who: Principal, wanted: LibraryQuery) -> AssetIndex:
    """Every asset of a list, in its order."""
    query = select(Asset.id, WORDS.c.rowid).join_from(WORDS, Asset, Asset.moment == WORDS.c.rowid)
    query = query.where(*_query(session, who, wanted, None)).order_by(WORDS.c.rowid.desc())
    rows = session.execute(query).all()
    return AssetIndex(ids=tuple(row[0] for row in rows), moments=tuple(row[1] for row in rows))


def _query(session: Session, who: Principal, wanted: LibraryQuery, after: str | None) -> Iterator[ColumnElement[bool]]:
    """The conditions for each asset of a list."""
    working_on = list(session.scalars(select(Project.id).where(visible(who))))
    yield matching(who, working_on, wanted)
    yield readable(who)
    if not wanted.get("deleted"):
        yield func.coalesce(Asset.source, "") != MASK  # shown with the results made with it
    if wanted.get("originals"):
        yield Asset.reproduces.is_(None)
    yield from between(wanted, _position(after))


def _position(after: str | None) -> int | None:
    if after is None:
        return None
    try:
        moment = int(after)
    except ValueError:
        moment = -1
    if not 0 <= moment < 2**62:
        raise StudioError(
            "bad_cursor", "This position in the list is invalid.", next="Start from the beginning.", status=422
        )
    return moment


def views(session: Session, who: Principal, assets: Sequence[Asset]) -> tuple[AssetView, ...]:
    """Assets as one person sees them, in the order given."""
    ids = [asset.id for asset in assets]
    parents, tags = _by_asset(session, AssetParent.child_id, AssetParent.parent_id, ids), _tags(session, ids)
    liked = select(Favorite.asset_id).where(Favorite.user_id == who.user_id, Favorite.asset_id.in_(ids))
    favorites = set(session.scalars(liked))
    children = _children(session, who, ids)
    names = _names(session, {asset.owner_id for asset in assets})
    return tuple(
        AssetView(
            **{name: getattr(asset, name) for name in _STORED_COLUMNS},
            mine=asset.owner_id == who.user_id,
            owner=names[asset.owner_id],
            has_thumb=asset.thumb is not None,
            has_proxy=asset.proxy is not None,
            parents=tuple(sorted(parents[asset.id])),
            children_count=children.get(asset.id, 0),
            favorite=asset.id in favorites,
            tags=tuple(sorted(tags[asset.id])),
        )
        for asset in assets
    )


_STORED_COLUMNS = tuple(name for name in AssetView.model_fields if name in Asset.__table__.columns)


def _tags(session: Session, ids: Sequence[str]) -> defaultdict[str, list[str]]:
    return _by_asset(session, AssetTag.asset_id, AssetTag.tag, ids)


def _by_asset(
    session: Session, key: InstrumentedAttribute[str], value: InstrumentedAttribute[str], ids: Sequence[str]
) -> defaultdict[str, list[str]]:
    values_by_asset: defaultdict[str, list[str]] = defaultdict(list)
    for asset_id, held in session.execute(select(key, value).where(key.in_(ids))):
        values_by_asset[asset_id].append(held)
    return values_by_asset


def _children(session: Session, who: Principal, ids: Sequence[str]) -> dict[str, int]:
    """For each asset, the number of assets made from it that the person may see."""
    query = (
        select(AssetParent.parent_id, func.count())
        .join(Asset, Asset.id == AssetParent.child_id)
        .where(AssetParent.parent_id.in_(ids), Asset.deleted_at.is_(None), readable(who))
        .group_by(AssetParent.parent_id)
    )
    return dict(session.execute(query).tuples().all())


def _names(session: Session, users: Iterable[str]) -> dict[str, str]:
    query = select(User.id, User.name).where(User.id.in_(list(users)))
    return dict(session.execute(query).tuples().all())


def family(session: Session, who: Principal, asset_id: str) -> AssetFamily:
    """The assets that an asset was made from, and those made from it. Raises StudioError not_found."""
    asset = find(session, who, asset_id, deleted=True)
    of = select(AssetParent.parent_id).where(AssetParent.child_id == asset.id)
    known = len(list(session.scalars(of)))
    parents = _newest(session, who, Asset.id.in_(of))
    child_ids = select(AssetParent.child_id).where(AssetParent.parent_id == asset.id)
    children = _newest(session, who, Asset.id.in_(child_ids), Asset.deleted_at.is_(None))
    return AssetFamily(parents=parents, children=children, missing=max(0, known - len(parents)))


def _newest(session: Session, who: Principal, *conditions: ColumnElement[bool]) -> tuple[AssetView, ...]:
    query = select(Asset).where(*conditions, readable(who)).order_by(Asset.moment.desc()).limit(PAGE_LIMIT)
    return views(session, who, whole_rows(session, Asset, query))


def delete(asset: Asset) -> None:
    """Put an asset into the bin; repeating it changes nothing."""
    asset.deleted_at = asset.deleted_at or time.time()


def restore(asset: Asset) -> None:
    """Take an asset out of the bin."""
    asset.deleted_at = None
