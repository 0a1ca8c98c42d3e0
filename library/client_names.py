"""File names for clients: project, number, and frame rate or size; never the prompt."""

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from library.files import with_ending
from library.tables import ClientNumber, Project
from library.views import AssetView

NO_PROJECT = "C41 Studio"
"""Used instead of a project's name if the files belong to no project, or to several."""

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
"""Letters that Unicode does not decompose into an ASCII letter and a mark."""


_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


def project_name(session: Session, assets: Sequence[AssetView]) -> str:
    """The name of the project that all assets are in, or ``NO_PROJECT``, in ASCII."""
    projects = {asset.project_id for asset in assets}
    return _project_name(session, projects.pop()) if len(projects) == 1 else NO_PROJECT


def client_names(session: Session, who: Principal, assets: Sequence[AssetView]) -> dict[str, str]:
    """File names without suffix by asset id, such as ``Harbor cafe_003_24fps``.

    A file gets its project's next number with its first download for a client, the oldest of several first, and keeps
    it. Files in no project are numbered per person. Call this in a transaction that locks others out.
    """
    scopes = {asset.id: asset.project_id or who.user_id for asset in assets}
    numbers = {scope: _numbers(session, scope) for scope in set(scopes.values())}
    for asset in sorted(assets, key=lambda one: (one.created_at, one.id)):
        scope = scopes[asset.id]
        if asset.id not in numbers[scope]:
            numbers[scope][asset.id] = _next(session, scope)
            session.add(ClientNumber(scope=scope, asset_id=asset.id, number=numbers[scope][asset.id]))
            session.flush()
    names = {project: _project_name(session, project) for project in {asset.project_id for asset in assets}}
    return {asset.id: _name(names[asset.project_id], numbers[scopes[asset.id]][asset.id], asset) for asset in assets}


def _numbers(session: Session, scope: str) -> dict[str, int]:
    query = select(ClientNumber.asset_id, ClientNumber.number).where(ClientNumber.scope == scope)
    return dict(session.execute(query).tuples().all())


def _next(session: Session, scope: str) -> int:
    last = session.scalar(select(func.max(ClientNumber.number)).where(ClientNumber.scope == scope))
    return (last or 0) + 1


def _project_name(session: Session, project_id: str | None) -> str:
    project = session.get(Project, project_id) if project_id else None
    return _ascii(project.name) if project else NO_PROJECT


def _ascii(name: str) -> str:
    """A name in ASCII for files: letters without their accents, what no file name may contain left out."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).replace("–", "-").replace("—", "-")
    return " ".join(_UNFIT.sub(" ", plain.encode("ascii", "ignore").decode()).split()).strip(". ") or "Project"


def _name(project: str, number: int, asset: AssetView) -> str:
    if asset.kind == "clip" and asset.fps:
        what = f"_{round(asset.fps, 3):g}fps"
    else:
        what = f"_{asset.width}x{asset.height}" if asset.width and asset.height else ""
    return with_ending(project, f"_{number:03}{what}")
