"""What a member of the cast holds of the library: its pictures in their order, a LoRA for each family."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth.principal import Principal
from errors import StudioError
from library import assets
from library.cast.tables import CastLora, CastPicture
from library.cast.views import CastLoraUse
from library.rights import readable
from library.tables import Asset


def put_pictures(session: Session, who: Principal, member_id: str, ids: Sequence[str]) -> None:
    """These pictures, in this order. What the person cannot see of it stays, behind them.

    Raises StudioError not_found, deleted_asset, wrong_kind.
    """
    ids = list(dict.fromkeys(ids))
    for id in ids:
        _of_kind(assets.find(session, who, id), "image", "a picture")
    held = select(CastPicture.asset_id).where(CastPicture.member_id == member_id).order_by(CastPicture.place)
    ids += [id for id in _unseen(session, who, list(session.scalars(held))) if id not in ids]
    session.execute(delete(CastPicture).where(CastPicture.member_id == member_id))
    session.add_all(CastPicture(member_id=member_id, asset_id=id, place=place) for place, id in enumerate(ids))


def put_loras(session: Session, who: Principal, member_id: str, uses: Sequence[CastLoraUse]) -> None:
    """These LoRAs, of which no two are for one family. Raises StudioError not_found, wrong_kind, two_of_a_family."""
    rows: dict[str, CastLora] = {}
    for use in uses:
        asset = assets.find(session, who, use.asset)
        _of_kind(asset, "lora", "a LoRA")
        family = asset.family or use.family
        if not family:
            raise StudioError(
                "no_family",
                f"“{asset.title}” does not say which models it is for.",
                next="Name the family of its models, such as “sdxl”.",
                status=422,
            )
        if family in rows:
            raise StudioError(
                "two_of_a_family",
                f"“{asset.title}” is the second LoRA for {family}.",
                "Of each family there is one.",
                "Take the other one out first.",
                status=422,
            )
        rows[family] = CastLora(
            member_id=member_id,
            family=family,
            asset_id=asset.id,
            weight=use.weight,
            trigger=use.trigger or next(iter((asset.lora or {}).get("triggers", ())), "")[:200],
        )
    held = select(CastLora.family, CastLora.asset_id).where(CastLora.member_id == member_id)
    kept = dict(session.execute(held).tuples().all())
    unseen = _unseen(session, who, list(kept.values()))
    gone = [family for family, asset_id in kept.items() if asset_id not in unseen or family in rows]
    session.execute(delete(CastLora).where(CastLora.member_id == member_id, CastLora.family.in_(gone)))
    session.add_all(rows.values())


def _of_kind(asset: Asset, kind: str, noun: str) -> None:
    if asset.kind != kind:
        raise StudioError("wrong_kind", f"“{asset.title}” is not {noun}.", next="Choose another file.", status=422)


def _unseen(session: Session, who: Principal, ids: Sequence[str]) -> list[str]:
    """Of these the ones that the person does not see now: in a bin, or somebody else's."""
    here = select(Asset.id).where(Asset.id.in_(ids), Asset.deleted_at.is_(None), readable(who))
    seen = set(session.scalars(here))
    return [id for id in ids if id not in seen]
