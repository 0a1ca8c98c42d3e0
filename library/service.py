"""The service for the library: everything made or uploaded, and who may see it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Unpack

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from data import DataFolder
from db import Database, new_id
from errors import not_found
from library import (
    adopt,
    assets,
    bulk_edit,
    cleanup,
    client_names,
    disk_usage,
    facets,
    hits,
    intermediates,
    project_page,
    projects,
)
from library.cast.service import Cast
from library.files import sync
from library.project_views import ProjectChange, ProjectDetail
from library.rights import readable
from library.search import LibraryQuery
from library.tables import Asset
from library.unclaimed import Unclaimed, unclaimed
from library.views import (
    AssetChange,
    AssetFamily,
    AssetHit,
    AssetIndex,
    AssetPage,
    AssetView,
    BulkEdit,
    Facets,
    NewAsset,
    Outcome,
    ProjectView,
    Space,
    Sweep,
)

log = logging.getLogger(__name__)


class Library:
    """Assets and projects, as seen by one person at a time."""

    def __init__(self, database: Database, data: DataFolder) -> None:
        self._database = database
        self._data = data
        self.cast = Cast(database)

    def recover(self) -> None:
        """Clean up old bins, old uploads and what a crash left; called at start."""
        cleanup.sweep(self._database, self._data)
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
        """The path of an asset's file. Raises StudioError not_found, deleted_asset."""
        with self._database.session() as session:
            path = self._data.root / assets.find(session, who, asset_id).file
        if not path.is_file():
            raise not_found("file")
        return path

    def thumb(self, who: Principal, asset_id: str) -> Path | None:
        """The path of an asset's thumbnail, also in the bin; None if it has none. Raises StudioError not_found."""
        with self._database.session() as session:
            name = assets.find(session, who, asset_id, deleted=True).thumb
        path = self._data.root / name if name else None
        return path if path and path.is_file() else None

    def proxy(self, who: Principal, asset_id: str) -> Path | None:
        """The path of the small copy of a clip that browsers cannot play; None if it has none. Raises not_found."""
        with self._database.session() as session:
            name = assets.find(session, who, asset_id, deleted=True).proxy
        path = self._data.root / name if name else None
        return path if path and path.is_file() else None

    def page(
        self, who: Principal, *, after: str | None = None, limit: int = 50, **wanted: Unpack[LibraryQuery]
    ) -> AssetPage:
        """Assets, newest first, at most 200 per page; ``after`` is the ``next`` of the previous page.

        ``q`` are search terms; ``project_id`` None means all the person may see, ``"own"`` their work in no project;
        ``deleted`` lists their bin. Raises StudioError bad_cursor.
        """
        with self._database.session() as session:
            return assets.page(session, who, wanted, after, limit)

    def index(self, who: Principal, **wanted: Unpack[LibraryQuery]) -> AssetIndex:
        """The ids of all assets in a list, newest first. Raises StudioError bad_value."""
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
        """Adopt the files of a finished attempt. Returns their ids, the main one first.

        Ids depend only on the job: the first attempt to be adopted counts. ``commit`` joins the transaction (and
        rejects an outdated attempt by raising); it is not called again for a job that is already adopted.
        """
        log.debug("adopting %d files of job %s, attempt %d", len(files), job_id, attempt)
        return adopt.adopt(
            self._database, self._data, adopt.Home(owner_id, project_id, "made", job_id), folder, files, commit
        )

    def unclaimed(self) -> list[Unclaimed]:
        """Files without an entry. They are never removed; ``take_upload`` recovers them."""
        with self._database.session() as session:
            return unclaimed(self._data, lambda query: session.execute(text(query)).all())

    def take_upload(
        self, who: Principal, path: Path, *, new: NewAsset, project_id: str | None = None, asset_id: str = ""
    ) -> AssetView:
        """Adopt an uploaded file; it is moved, as is the thumbnail next to it. Raises not_found.

        ``asset_id`` is the former id of a file that lost its entry; a file made in the studio gets that origin again.
        """
        if project_id is not None:
            self.require_project(who, project_id)
        id = asset_id or new_id()
        home = adopt.Home(who.user_id, project_id, adopt.origin_of(id))
        row = adopt.place(self._data, home, path.parent, new, id)
        sync(self._data.user(who.user_id))
        with self._database.session() as session:
            adopt.write(session, row, new)
            return assets.views(session, who, [row])[0]

    def delete(self, who: Principal, asset_id: str) -> None:
        """Put the person's own asset into the bin for 30 days. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            assets.delete(assets.find_own(session, who, asset_id))

    def restore(self, who: Principal, asset_id: str) -> AssetView:
        """Take the person's own asset out of the bin. Raises StudioError not_found, not_yours."""
        with self._database.session() as session:
            asset = assets.find_own(session, who, asset_id)
            assets.restore(asset)
            return assets.views(session, who, [asset])[0]

    # -- searching and editing

    def family(self, who: Principal, asset_id: str) -> AssetFamily:
        """The assets that an asset was made from, and those made from it. Raises StudioError not_found."""
        with self._database.session() as session:
            return assets.family(session, who, asset_id)

    def hits(self, who: Principal, q: str, kinds: Sequence[str], limit: int) -> dict[str, list[AssetHit]]:
        """The newest assets of each kind that match the search terms ``q``."""
        with self._database.session() as session:
            return hits.asset_hits(session, who, q, kinds, limit)

    def change(self, who: Principal, asset_id: str, wanted: AssetChange) -> AssetView:
        """Change the given fields; favorites are personal, the rest is for the owner.

        Raises StudioError not_found, not_yours, bad_title, bad_tag.
        """
        with self._database.session() as session:
            return assets.views(session, who, [bulk_edit.change(session, who, asset_id, wanted)])[0]

    def many(self, who: Principal, edit: BulkEdit) -> Outcome:
        """Apply one edit to every asset that allows it. Raises StudioError bad_tag, not_found."""
        with self._database.session(immediate=edit.do == "tag") as session:  # tags are counted first
            return bulk_edit.edit_many(session, who, edit)

    def client_names(self, who: Principal, of: Sequence[AssetView]) -> dict[str, str]:
        """File names for clients, without suffix, by asset id; a file keeps its number."""
        with self._database.session(immediate=True) as session:
            return client_names.client_names(session, who, of)

    def project_name(self, of: Sequence[AssetView]) -> str:
        """The name of the project that all assets are in, otherwise that of the studio."""
        with self._database.session() as session:
            return client_names.project_name(session, of)

    def facets(self, who: Principal) -> Facets:
        """The number of assets a person may see per kind, model, person, tag and project."""
        with self._database.session() as session:
            return facets.facets(session, who)

    def space(self, who: Principal, folders: Mapping[str, Path]) -> Space:
        """The disk space of assets and ``folders``, limited to what this person may know."""
        with self._database.session() as session:
            return disk_usage.disk_usage(session, who, self._data, folders)

    def going(self, who: Principal) -> Sweep:
        """The person's own steps that are scheduled for deletion, and when."""
        with self._database.session() as session:
            return intermediates.preview(session, who)

    def sweep(self, who: Principal) -> tuple[str, ...]:
        """Move the person's own unkept steps older than 30 days to their bin now. Returns their ids."""
        with self._database.session() as session:
            return intermediates.sweep(session, who)

    # -- projects

    def projects(self, who: Principal) -> list[ProjectView]:
        """The projects a person works on, oldest first, archived ones as well."""
        with self._database.session() as session:
            return projects.list_projects(session, who)

    def project(self, who: Principal, project_id: str) -> ProjectDetail:
        """A project with its people, script, notes and cast. Raises StudioError not_found."""
        with self._database.session() as session:
            return project_page.detail(session, who, project_id)

    def change_project(self, who: Principal, project_id: str, wanted: ProjectChange) -> ProjectDetail:
        """Change the given fields of a project.

        Raises StudioError not_found, not_yours, bad_name, notes_changed, wrong_kind, not_in_project, changing nothing.
        """
        with self._database.session(immediate=True) as session:
            project_page.change(session, who, project_id, wanted)
            return project_page.detail(session, who, project_id)

    def create_project(self, who: Principal, name: str, shared: bool) -> ProjectView:
        """Create a project; ``shared`` ones belong to every member. Raises StudioError bad_name."""
        with self._database.session() as session:
            return projects.create(session, who, name, shared)

    def current_project(self, who: Principal) -> str | None:
        """A person's current project; None is their own work, which nobody else sees."""
        with self._database.session() as session:
            return projects.current_project(session, who)

    def set_current_project(self, who: Principal, project_id: str | None) -> None:
        """Make a project the person's current one; None for their own work. Raises StudioError not_found."""
        with self._database.session() as session:
            projects.set_current_project(session, who, project_id)

    def require_project(self, who: Principal, project_id: str) -> None:
        """Raise StudioError not_found unless the person works on the project."""
        with self._database.session() as session:
            projects.require(session, who, project_id)
