"""Assets for a search over everything: a few of each kind, with only what a list of results shows."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from library.assets import MASK
from library.rights import readable, visible
from library.search import WORDS, matching
from library.tables import Asset, Project
from library.views import AssetHit

_COLUMNS = (Asset.id, Asset.kind, Asset.title, Asset.badges, Asset.thumb)


def asset_hits(session: Session, who: Principal, q: str, kinds: Sequence[str], limit: int) -> dict[str, list[AssetHit]]:
    """The newest assets of each kind that match the search terms ``q``, at most ``limit`` of each."""
    working_on = list(session.scalars(select(Project.id).where(visible(who))))
    allowed = (readable(who), func.coalesce(Asset.source, "") != MASK)
    moments: list[int] = []
    for kind in kinds:  # each of these stops at its limit; one query for all kinds would read every match
        query = select(WORDS.c.rowid).join_from(WORDS, Asset, Asset.moment == WORDS.c.rowid)
        query = query.where(matching(who, working_on, {"q": q, "kind": kind}, from_start=True), *allowed)
        moments += session.scalars(query.order_by(WORDS.c.rowid.desc()).limit(limit))
    found: dict[str, list[AssetHit]] = {kind: [] for kind in kinds}
    shown = select(*_COLUMNS).where(Asset.moment.in_(moments)).order_by(Asset.moment.desc())
    for id, kind, title, badges, thumb in session.execute(shown):
        hit = AssetHit(id=id, kind=kind, title=title, badges=tuple(badges), has_thumb=thumb is not None)
        found[kind].append(hit)
    return found
