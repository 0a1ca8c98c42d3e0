"""The results of checking a voice-over, stored with a small text asset made from it; the newest one counts."""

from typing import Any

from sqlalchemy import select

from auth.accounts.principal import Principal
from db import Database
from library.rights import readable
from library.tables import Asset, AssetParent


def newest_check(database: Database, who: Principal, asset_id: str) -> dict[str, Any] | None:
    """The newest check of a sound that a person may read; None if there is none."""
    query = (
        select(Asset)
        .join(AssetParent, AssetParent.child_id == Asset.id)
        .where(AssetParent.parent_id == asset_id, Asset.kind == "document", Asset.deleted_at.is_(None), readable(who))
        .order_by(Asset.created_at.desc())
    )
    with database.session() as session:
        for asset in session.scalars(query):
            check = (asset.provenance or {}).get("check")
            if isinstance(check, dict):
                return {**check, "id": asset.id, "created_at": asset.created_at}
    return None
