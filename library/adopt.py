"""Turn finished files into assets: move them into place, then write their rows in the job's last transaction."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from data import DataFolder
from db import Database
from library.badges import with_badge
from library.files import main_file, move, proxy_file, short_title, sync, thumb_file
from library.tables import Asset, AssetParent
from library.views import NewAsset

_APART = 1e-3
"""Seconds between the files of a job: the main one is the newest, so lists show it first."""


class Home(NamedTuple):
    """The owner, project and origin of a new asset: made by a job, or uploaded."""

    owner_id: str
    project_id: str | None
    origin: Literal["made", "upload"]
    job_id: str | None = None


def result_id(job_id: str | None, n: int) -> str:
    """The id of a job's n-th file: the same at every try, so that no file is adopted twice."""
    return uuid5(NAMESPACE_URL, f"c41:{job_id}:{n}").hex


def origin_of(asset_id: str) -> Literal["made", "upload"]:
    """The origin of an asset, from its id: only ids of results are version-5 UUIDs."""
    return "made" if UUID(asset_id).version == 5 else "upload"


def adopt(
    database: Database,
    data: DataFolder,
    home: Home,
    folder: Path,
    files: Sequence[NewAsset],
    commit: Callable[[Session], None],
) -> tuple[str, ...]:
    """Adopt a job's files. A crash at any point leaves either nothing visible or everything done.

    Files are moved before the one transaction that creates the rows and calls ``commit``; after a crash between the
    two, a second call finds them already moved. A call after the transaction changes nothing.
    """
    ids = tuple(result_id(home.job_id, n) for n in range(len(files)))
    if _known(database, ids):
        return ids
    rows = [place(data, home, folder, new, id) for id, new in zip(ids, files, strict=True)]
    for n, row in enumerate(rows):
        row.created_at = rows[0].created_at - n * _APART
    if rows:
        sync(data.user(home.owner_id))
    with database.session() as session:
        for row, new in zip(rows, files, strict=True):
            write(session, row, new)
        commit(session)
    return ids


def place(data: DataFolder, home: Home, folder: Path, new: NewAsset, asset_id: str) -> Asset:
    """Move one file, its thumbnail and its proxy into place. Returns the asset's row, not yet written."""
    target = main_file(data, home.owner_id, asset_id, new.file)
    move(folder / new.file, target)
    thumb = thumb_file(data, home.owner_id, asset_id) if new.thumb else None
    if new.thumb and thumb:
        move(folder / new.thumb, thumb)
    proxy = proxy_file(data, home.owner_id, asset_id) if new.proxy else None
    if new.proxy and proxy:
        move(folder / new.proxy, proxy)
    return Asset(
        **new.model_dump(exclude={"file", "thumb", "proxy", "title", "parents", "badge"}),
        **home._asdict(),
        id=asset_id,
        title=short_title(new.title),
        file=str(target.relative_to(data.root)),
        thumb=str(thumb.relative_to(data.root)) if thumb else None,
        proxy=str(proxy.relative_to(data.root)) if proxy else None,
        model=_model(new.provenance),
        bytes=target.stat().st_size,
        created_at=time.time(),
    )


def _model(provenance: dict[str, Any] | None) -> str | None:
    """The id of the model in a record, which may hold anything in a file from outside."""
    model = (provenance or {}).get("model")
    model_id = model.get("id") if isinstance(model, dict) else None
    return model_id if isinstance(model_id, str) else None


def write(session: Session, asset: Asset, new: NewAsset) -> None:
    """Write an asset's row, with the badges of the file it was made from and its own, and its parents."""
    if new.badge:
        before = session.scalar(select(Asset.badges).where(Asset.id == next(iter(new.parents), "")))
        asset.badges = list(with_badge(before or (), new.badge))
    session.add(asset)
    session.flush()
    session.add_all(AssetParent(child_id=asset.id, parent_id=parent) for parent in dict.fromkeys(new.parents))


def _known(database: Database, ids: Sequence[str]) -> bool:
    if not ids:
        return False
    with database.session() as session:
        return session.scalar(select(Asset.id).where(Asset.id == ids[0])) is not None
