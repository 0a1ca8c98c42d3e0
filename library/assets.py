"""Assets one by one and page by page, as the person who asks may see them."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypedDict

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from auth.principal import Principal
from auth.tables import User
from errors import StudioError, not_found
from library.rights import readable
from library.tables import Asset, AssetParent
from library.views import AssetPage, AssetView

OWN = "own"
"""Stands for a project where a list is asked for: the person's own work, in no project."""

PAGE_LIMIT = 200


def find(session: Session, who: Principal, asset_id: str, *, deleted: bool = False) -> Asset:
    """An asset that may be read. Raises StudioError not_found, or deleted_asset for the owner's own bin."""
    asset = session.scalar(select(Asset).where(Asset.id == asset_id, readable(who)))
    if asset is None:
        raise not_found("file")
    if asset.deleted_at is not None and not deleted:
        raise StudioError(
            "deleted_asset",
            f"“{asset.title}” is in the bin.",
            next="Bring it back first, or choose another file.",
            status=410,
        )
    return asset


def find_own(session: Session, who: Principal, asset_id: str) -> Asset:
    """An asset that its owner may change, deleted or not. Raises StudioError not_found or not_yours."""
    asset = find(session, who, asset_id, deleted=True)
    if asset.owner_id != who.user_id:
        raise StudioError("not_yours", f"“{asset.title}” is someone else's.", "Only they can delete it.", status=403)
    return asset


class Wanted(TypedDict, total=False):
    """Which assets a list is to have: None means any; ``deleted`` those in the person's own bin instead."""

    project_id: str | None
    kind: str | None
    job_id: str | None
    origin: str | None
    deleted: bool


def page(session: Session, who: Principal, wanted: Wanted, after: str | None, limit: int) -> AssetPage:
    """Assets newest first, going on behind the place ``after``."""
    limit = max(1, min(limit, PAGE_LIMIT))
    query = select(Asset).where(readable(who)).order_by(Asset.created_at.desc(), Asset.id.desc()).limit(limit + 1)
    query = query.where(Asset.deleted_at.is_not(None) if wanted.get("deleted") else Asset.deleted_at.is_(None))
    project_id = wanted.get("project_id")
    if project_id == OWN:
        query = query.where(Asset.project_id.is_(None))
    elif project_id is not None:
        query = query.where(Asset.project_id == project_id)
    columns = (
        (Asset.kind, wanted.get("kind")),
        (Asset.job_id, wanted.get("job_id")),
        (Asset.origin, wanted.get("origin")),
    )
    for column, value in columns:
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(tuple_(Asset.created_at, Asset.id) < tuple_(*_position(after)))
    rows = list(session.scalars(query))
    more = rows[limit - 1] if len(rows) > limit else None
    return AssetPage(
        assets=views(session, who, rows[:limit]), next=f"{more.created_at!r}-{more.id}" if more is not None else None
    )


def _position(after: str) -> tuple[float, str]:
    created_at, _, asset_id = after.rpartition("-")
    try:
        return float(created_at), asset_id
    except ValueError as error:
        raise StudioError(
            "bad_cursor", "That place in the list is unknown.", next="Start from the beginning.", status=422
        ) from error


def views(session: Session, who: Principal, assets: Sequence[Asset]) -> tuple[AssetView, ...]:
    """Assets as one person sees them, in the order given."""
    parents: defaultdict[str, list[str]] = defaultdict(list)
    ids = [asset.id for asset in assets]
    for link in session.scalars(select(AssetParent).where(AssetParent.child_id.in_(ids))):
        parents[link.child_id].append(link.parent_id)
    names = _names(session, {asset.owner_id for asset in assets})
    return tuple(_view(asset, who, names[asset.owner_id], parents[asset.id]) for asset in assets)


def _names(session: Session, users: Iterable[str]) -> dict[str, str]:
    query = select(User.id, User.name).where(User.id.in_(list(users)))
    return dict(session.execute(query).tuples().all())


def _view(asset: Asset, who: Principal, owner: str, parents: Sequence[str]) -> AssetView:
    fields = {name: getattr(asset, name) for name in AssetView.model_fields if hasattr(asset, name)}
    return AssetView(
        **fields,
        mine=asset.owner_id == who.user_id,
        owner=owner,
        has_thumb=asset.thumb is not None,
        parents=tuple(sorted(parents)),
    )


def delete(asset: Asset) -> None:
    """Put an asset into the bin; a second time changes nothing."""
    asset.deleted_at = asset.deleted_at or time.time()


def restore(asset: Asset) -> None:
    """Take an asset out of the bin."""
    asset.deleted_at = None
