"""A cast member's assets: its pictures in order, and one LoRA per family."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from errors import StudioError
from library import assets
from library.cast.tables import CastLora, CastPicture
from library.cast.views import CastLoraUse
from library.rights import readable
from library.tables import Asset


def put_pictures(session: Session, who: Principal, member_id: str, ids: Sequence[str]) -> None:
    """Set a member's pictures, in this order. Pictures that the person cannot see stay, after the others.

    Raises StudioError not_found, deleted_asset, wrong_kind.
    """
    ids = list(dict.fromkeys(ids))
    for id in ids:
        _of_kind(assets.find(session, who, id), "image", "a picture")
    query = select(CastPicture.asset_id).where(CastPicture.member_id == member_id).order_by(CastPicture.place)
    ids += [id for id in _unseen(session, who, list(session.scalars(query))) if id not in ids]
    session.execute(delete(CastPicture).where(CastPicture.member_id == member_id))
    session.add_all(CastPicture(member_id=member_id, asset_id=id, place=place) for place, id in enumerate(ids))


def put_loras(session: Session, who: Principal, member_id: str, uses: Sequence[CastLoraUse]) -> None:
    """Set a member's LoRAs, at most one per family. Raises StudioError not_found, wrong_kind, two_of_a_family."""
    rows: dict[str, CastLora] = {}
    for use in uses:
        asset = assets.find(session, who, use.asset)
        _of_kind(asset, "lora", "a LoRA")
        family = asset.family or use.family
        if not family:
            raise StudioError(
                "no_family",
                f"The file “{asset.title}” does not name its model family.",
                next="Choose its model family, such as “sdxl”.",
                status=422,
            )
        if family in rows:
            raise StudioError(
                "two_of_a_family",
                f"“{asset.title}” is the second LoRA for {family}.",
                "A cast member can have one LoRA per model family.",
                "Remove the other one first.",
                status=422,
            )
        rows[family] = CastLora(
            member_id=member_id,
            family=family,
            asset_id=asset.id,
            weight=use.weight,
            trigger=use.trigger or next(iter((asset.lora or {}).get("triggers", ())), "")[:200],
        )
    query = select(CastLora.family, CastLora.asset_id).where(CastLora.member_id == member_id)
    triggers = dict(session.execute(query).tuples().all())
    unseen = _unseen(session, who, list(triggers.values()))
    gone = [family for family, asset_id in triggers.items() if asset_id not in unseen or family in rows]
    session.execute(delete(CastLora).where(CastLora.member_id == member_id, CastLora.family.in_(gone)))
    session.add_all(rows.values())


def _of_kind(asset: Asset, kind: str, noun: str) -> None:
    if asset.kind != kind:
        raise StudioError("wrong_kind", f"“{asset.title}” is not {noun}.", next="Choose another file.", status=422)


def _unseen(session: Session, who: Principal, ids: Sequence[str]) -> list[str]:
    """Those of ``ids`` that the person cannot see now: in a bin, or someone else's."""
    here = select(Asset.id).where(Asset.id.in_(ids), Asset.deleted_at.is_(None), readable(who))
    visible = set(session.scalars(here))
    return [id for id in ids if id not in visible]
