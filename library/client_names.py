"""The names of files that go to a client: project, number and size, never the words they were made from."""

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from auth.principal import Principal
from library.files import NAME_BYTES, NAME_LENGTH
from library.tables import Asset, Project
from library.views import AssetView

NO_PROJECT = "C41 Studio"
"""What stands for the project where files belong to none, or to several."""


def project_name(session: Session, assets: Sequence[AssetView]) -> str:
    """The name of the one project that all of these are in, or ``NO_PROJECT``."""
    projects = {asset.project_id for asset in assets}
    return _named(session, projects.pop()) if len(projects) == 1 else NO_PROJECT


def client_names(session: Session, who: Principal, assets: Sequence[AssetView]) -> dict[str, str]:
    """The name of each asset's file without its suffix, by the asset's id: ``Harbor cafe_003_1024x576_24fps``.

    The number is the asset's place by age in its project, or in one's own work; the bin counts, so that deleting
    gives no other file its number.
    """
    projects = {asset.project_id for asset in assets}
    own = and_(Asset.project_id.is_(None), Asset.owner_id == who.user_id)
    order = func.row_number().over(partition_by=Asset.project_id, order_by=(Asset.created_at, Asset.id))
    numbered = (
        select(Asset.id, order.label("number")).where(or_(own, Asset.project_id.in_(projects - {None}))).subquery()
    )
    wanted = select(numbered).where(numbered.c.id.in_([asset.id for asset in assets]))
    numbers = {row.id: row.number for row in session.execute(wanted)}
    names = {project: _named(session, project) for project in projects}
    return {asset.id: _name(names[asset.project_id], numbers[asset.id], asset) for asset in assets}


def _named(session: Session, project_id: str | None) -> str:
    project = session.get(Project, project_id) if project_id else None
    return project.name if project else NO_PROJECT


def _name(project: str, number: int, asset: AssetView) -> str:
    size = f"_{asset.width}x{asset.height}" if asset.width and asset.height else ""
    rate = f"_{round(asset.fps, 3):g}fps" if asset.kind == "clip" and asset.fps else ""
    ending = f"_{number:03}{size}{rate}"
    return f"{_shortened(project, len(ending))}{ending}"


def _shortened(project: str, ending: int) -> str:
    """What of a project's name leaves room for an ending of so many (ASCII) letters."""
    shown = project[: NAME_LENGTH - ending].encode()[: NAME_BYTES - ending]
    return shown.decode(errors="ignore").rstrip()
