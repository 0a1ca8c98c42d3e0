"""What listening to a voice-over has found: kept with a small text beside it, the newest counts."""

from typing import Any

from sqlalchemy import select

from auth.principal import Principal
from db import Database
from library.rights import readable
from library.tables import Asset, AssetParent


def newest_check(database: Database, who: Principal, asset_id: str) -> dict[str, Any] | None:
    """The findings about a sound, from the newest check of it that a person may read; None where there is none."""
    query = (
        select(Asset)
        .join(AssetParent, AssetParent.child_id == Asset.id)
        .where(AssetParent.parent_id == asset_id, Asset.kind == "document", Asset.deleted_at.is_(None), readable(who))
        .order_by(Asset.created_at.desc())
    )
    with database.session() as session:
        for asset in session.scalars(query):
            found = (asset.provenance or {}).get("check")
            if isinstance(found, dict):
                return {**found, "id": asset.id, "created_at": asset.created_at}
    return None
