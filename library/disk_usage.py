"""The disk space in use, by person, project and folder."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from data import DataFolder
from library.files import PROXY, THUMB
from library.rights import readable, visible
from library.search import OWN
from library.tables import Asset, Project
from library.views import Share, Space


def disk_usage(session: Session, who: Principal, data: DataFolder, folders: Mapping[str, Path]) -> Space:
    """The disk space of assets and ``folders``, limited to what this person may know."""
    sizes = (func.count(), func.coalesce(func.sum(Asset.bytes), 0))
    everybody = [] if who.role == "owner" else [User.id == who.user_id]
    people = select(User.id, User.name, *sizes).join(Asset, Asset.owner_id == User.id).where(*everybody)
    projects = select(Project.id, Project.name, *sizes).join(Asset, Asset.project_id == Project.id)
    projects = projects.where(visible(who), readable(who))
    mine = Asset.owner_id == who.user_id
    disk = shutil.disk_usage(data.root)
    return Space(
        people=tuple(map(_share, session.execute(people.group_by(User.id)))),
        projects=(
            *map(_share, session.execute(projects.group_by(Project.id))),
            _sum_by(session, OWN, "In no project", mine, Asset.project_id.is_(None)),
        ),
        bin=_sum_by(session, "bin", "In your bin", mine, Asset.deleted_at.is_not(None)),
        total=session.scalar(select(func.coalesce(func.sum(Asset.bytes), 0))) or 0,
        thumbnails=sum(size for name, size in _sizes(data.users) if name.endswith((THUMB, PROXY))),
        folders={name: sum(size for _, size in _sizes(path)) for name, path in folders.items()},
        free=disk.free,
        disk=disk.total,
    )


def _share(row: Row[str, str, int, int]) -> Share:
    id, name, count, size = row
    return Share(id=id, name=name, count=count, bytes=size)


def _sum_by(session: Session, id: str, name: str, *conditions: ColumnElement[bool]) -> Share:
    query = select(func.count(), func.coalesce(func.sum(Asset.bytes), 0)).select_from(Asset).where(*conditions)
    count, size = session.execute(query).one()
    return Share(id=id, name=name, count=count, bytes=size)


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the name and size in bytes of every file in a folder and its subfolders; links are not followed."""
    try:
        entries = os.scandir(folder)
    except OSError:
        return
    with entries:
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry.name, entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue  # it was just deleted
