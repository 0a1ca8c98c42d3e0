"""The cast as one person may see it."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from library.cast.tables import CastLora, CastMember, CastPicture
from library.cast.views import CastLoraView, CastPictureView, CastView
from library.rights import readable
from library.rows import whole_rows
from library.tables import Asset

_STORED = ("id", "name", "kind", "look", "voice", "notes", "project_id", "created_at", "updated_at", "deleted_at")


def visible_members(session: Session, who: Principal, members: Sequence[CastMember]) -> list[CastView]:
    """Members as one person sees them, in the order given, without assets that were deleted."""
    ids = [member.id for member in members]
    pictures, loras = _pictures(session, ids), _loras(session, ids)
    held = {row.asset_id for rows in pictures.values() for row in rows}
    held |= {row.asset_id for rows in loras.values() for row in rows}
    parts = select(Asset).where(Asset.id.in_(held), Asset.deleted_at.is_(None))
    there = {asset.id: asset for asset in whole_rows(session, Asset, parts)}
    visible = set(session.scalars(select(Asset.id).where(Asset.id.in_(there), readable(who))))
    owners = select(User.id, User.name).where(User.id.in_({member.owner_id for member in members}))
    names = dict(session.execute(owners).tuples().all())

    def view(member: CastMember) -> CastView:
        all_parts = [row.asset_id for row in pictures[member.id]] + [row.asset_id for row in loras[member.id]]
        parts = [id for id in all_parts if id in there]
        shared = member.project_id is not None
        return CastView(
            **{name: getattr(member, name) for name in _STORED},
            pictures=tuple(_picture(there[row.asset_id]) for row in pictures[member.id] if row.asset_id in visible),
            loras=tuple(_lora(row, there[row.asset_id]) for row in loras[member.id] if row.asset_id in visible),
            mine=member.owner_id == who.user_id,
            owner=names[member.owner_id],
            missing=sum(id not in visible for id in parts),
            alone=tuple(
                id
                for id in parts
                if shared and there[id].owner_id == who.user_id and there[id].project_id != member.project_id
            ),
        )

    return [view(member) for member in members]


def _pictures(session: Session, ids: Sequence[str]) -> defaultdict[str, list[CastPicture]]:
    pictures_by_member: defaultdict[str, list[CastPicture]] = defaultdict(list)
    query = select(CastPicture).where(CastPicture.member_id.in_(ids)).order_by(CastPicture.place)
    for row in session.scalars(query):
        pictures_by_member[row.member_id].append(row)
    return pictures_by_member


def _loras(session: Session, ids: Sequence[str]) -> defaultdict[str, list[CastLora]]:
    loras_by_member: defaultdict[str, list[CastLora]] = defaultdict(list)
    for row in session.scalars(select(CastLora).where(CastLora.member_id.in_(ids)).order_by(CastLora.family)):
        loras_by_member[row.member_id].append(row)
    return loras_by_member


def _picture(asset: Asset) -> CastPictureView:
    return CastPictureView(asset=asset.id, title=asset.title, has_thumb=asset.thumb is not None)


def _lora(row: CastLora, asset: Asset) -> CastLoraView:
    return CastLoraView(asset=asset.id, title=asset.title, family=row.family, weight=row.weight, trigger=row.trigger)
