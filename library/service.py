"""The library: everything made here or brought in, and who may see it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.principal import Principal
from data import DataFolder
from db import Database, new_id
from errors import not_found
from library import adopt, assets, client_names, facets, janitor, marks, projects, space, steps
from library.cast.service import Cast
from library.files import sync
from library.rights import readable
from library.search import Wanted
from library.tables import Asset
from library.unclaimed import Unclaimed, unclaimed
from library.views import (
    AssetChange,
    AssetIndex,
    AssetPage,
    AssetView,
    Deeds,
    Facets,
    Family,
    NewAsset,
    Outcome,
    ProjectView,
    Space,
    Sweep,
)

log = logging.getLogger(__name__)


class Library:
    """Assets and projects, seen through the eyes of one person at a time."""

    def __init__(self, database: Database, data: DataFolder) -> None:
        self._database = database
        self._data = data
        self.cast = Cast(database)

    def recover(self) -> None:
        """Sweep out what a crash, old bins and old uploads have left; called at start."""
        janitor.sweep(self._database, self._data)
        self.cast.sweep()

    # -- assets

    def may_read(self, who: Principal, asset: Asset) -> bool:
        """Whether a person may read an asset: their own always; others' in a project they work on, until deleted."""
        with self._database.session() as session:
            return session.scalar(select(Asset.id).where(Asset.id == asset.id, readable(who))) is not None

    def get(self, who: Principal, asset_id: str, *, deleted: bool = False) -> AssetView:
        """An asset; one from the person's own bin only if ``deleted``. Raises StudioError not_found, deleted_asset."""
        with self._database.session() as session:
            return assets.views(session, who, [assets.find(session, who, asset_id, deleted=deleted)])[0]

    def file(self, who: Principal, asset_id: str) -> Path:
        """Where an asset's file lies. Raises StudioError not_found, deleted_asset."""
        with self._database.session() as session:
            path = self._data.root / assets.find(session, who, asset_id).file
        if not path.is_file():
            raise not_found("file")
        return path

    def thumb(self, who: Principal, asset_id: str) -> Path | None:
        """Where an asset's thumbnail lies, also in the bin; None where it has none. Raises StudioError not_found."""
        with self._database.session() as session:
            name = assets.find(session, who, asset_id, deleted=True).thumb
        path = self._data.root / name if name else None
        return path if path and path.is_file() else None

    def page(self, who: Principal, *, after: str | None = None, limit: int = 50, **wanted: Unpack[Wanted]) -> AssetPage:
        """Assets newest first, at most 200 a page; ``after`` is the ``next`` of the page before.

        ``q`` finds words; ``project_id`` None means all the person may see, ``"own"`` their work in no project;
        ``deleted`` lists their bin. Raises StudioError bad_cursor.
        """
        with self._database.session() as session:
            return assets.page(session, who, wanted, after, limit)

    def index(self, who: Principal, **wanted: Unpack[Wanted]) -> AssetIndex:
        """The ids of everything in such a list, newest first. Raises StudioError bad_value."""
        with self._database.session() as session:
            return assets.index(session, who, wanted)

    def adopt(
        self,
        *,
        job_id: str,
        attempt: int,
        owner_id: str,
        project_id: str | None,
        folder: Path,
        files: Sequence[NewAsset],
        commit: Callable[[Session], None],
    ) -> tuple[str, ...]:
        """Take over the files of a finished attempt; their ids, the main one first.

        Ids depend on the job alone: whatever attempt is adopted first is the one that counts. ``commit`` joins the
        transaction (and refuses an outdated attempt by raising); it is not called again for a job adopted before.
        """
        log.debug("adopting %d files of job %s, attempt %d", len(files), job_id, attempt)
        return adopt.adopt(
            self._database, self._data, adopt.Home(owner_id, project_id, "made", job_id), folder, files, commit
        )

    def unclaimed(self) -> list[Unclaimed]:
        """Files that no entry knows. They are never removed; ``take_upload`` takes them back."""
        with self._database.session() as session:
            return unclaimed(self._data, lambda query: session.execute(text(query)).all())

    def take_upload(
        self, who: Principal, path: Path, *, new: NewAsset, project_id: str | None = None, asset_id: str = ""
    ) -> AssetView:
        """Take over a file somebody brought in; it is moved, its thumbnail (beside it) too. Raises not_found.

        ``asset_id`` is the id it had before, for a file that lost its entry; one that was made here is so again.
        """
        if project_id is not None:
            self.require_project(who, project_id)
        id = asset_id or new_id()
        home = adopt.Home(who.user_id, project_id, adopt.origin_of(id))
        row = adopt.place(self._data, home, path.parent, new, id)
        sync(self._data.user(who.user_id))
        with self._database.session() as session:
            adopt.write(session, row, new.parents)
            return assets.views(session, who, [row])[0]

    def delete(self, who: Principal, asset_id: str) -> None:
        """Put one's own asset into the bin for 30 days. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            assets.delete(assets.find_own(session, who, asset_id))

    def restore(self, who: Principal, asset_id: str) -> AssetView:
        """Take one's own asset out of the bin. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            asset = assets.find_own(session, who, asset_id)
            assets.restore(asset)
            return assets.views(session, who, [asset])[0]

    # -- finding and filing

    def family(self, who: Principal, asset_id: str) -> Family:
        """What an asset was made from and what was made from it. Raises StudioError not_found."""
        with self._database.session() as session:
            return assets.family(session, who, asset_id)

    def change(self, who: Principal, asset_id: str, wanted: AssetChange) -> AssetView:
        """Change what is given; a favourite is each person's own, the rest the owner's.

        Raises StudioError not_found, not_yours, bad_title, bad_tag.
        """
        with self._database.session() as session:
            return assets.views(session, who, [marks.change(session, who, asset_id, wanted)])[0]

    def many(self, who: Principal, deeds: Deeds) -> Outcome:
        """Do one thing to many assets: to all that it can be done to. Raises StudioError bad_tag, not_found."""
        with self._database.session(immediate=deeds.do == "tag") as session:  # tags are counted first
            return marks.many(session, who, deeds)

    def client_names(self, who: Principal, of: Sequence[AssetView]) -> dict[str, str]:
        """What the files of these assets are called for a client, without suffix, by the assets' ids."""
        with self._database.session() as session:
            return client_names.client_names(session, who, of)

    def project_name(self, of: Sequence[AssetView]) -> str:
        """The name of the one project that all of these assets are in, else that of the studio."""
        with self._database.session() as session:
            return client_names.project_name(session, of)

    def facets(self, who: Principal) -> Facets:
        """How many assets there are of each kind, model, person, tag and project that a person may see."""
        with self._database.session() as session:
            return facets.facets(session, who)

    def space(self, who: Principal, folders: Mapping[str, Path]) -> Space:
        """The room that assets and ``folders`` take on the disk, as far as it is for this person to know."""
        with self._database.session() as session:
            return space.space(session, who, self._data, folders)

    def going(self, who: Principal) -> Sweep:
        """What of a person's own goes to the bin by itself, and when."""
        with self._database.session() as session:
            return steps.preview(session, who)

    def sweep(self, who: Principal) -> tuple[str, ...]:
        """Put a person's own unkept steps of more than 30 days into their bin now; their ids."""
        with self._database.session() as session:
            return steps.sweep(session, who)

    # -- projects

    def projects(self, who: Principal) -> list[ProjectView]:
        """The projects a person works on, oldest first."""
        with self._database.session() as session:
            return projects.listed(session, who)

    def create_project(self, who: Principal, name: str, shared: bool) -> ProjectView:
        """A new project; ``shared`` ones belong to every member. Raises StudioError bad_name."""
        with self._database.session() as session:
            return projects.create(session, who, name, shared)

    def project_in_hand(self, who: Principal) -> str | None:
        """The project a person works on now; None is their own work, which nobody else sees."""
        with self._database.session() as session:
            return projects.in_hand(session, who)

    def take_in_hand(self, who: Principal, project_id: str | None) -> None:
        """Work on a project from now on; None for one's own work. Raises StudioError not_found."""
        with self._database.session() as session:
            projects.take_in_hand(session, who, project_id)

    def require_project(self, who: Principal, project_id: str) -> None:
        """Raises StudioError not_found unless the person works on the project."""
        with self._database.session() as session:
            projects.require(session, who, project_id)
