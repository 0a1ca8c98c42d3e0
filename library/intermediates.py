"""Intermediate steps: they go to the bin after 30 days, unless they are kept.

An asset is kept if it is anyone's favorite, has a tag, or is used by the cast, a conversation, a preset, a recipe or an
unfinished run; so is everything that a kept asset was made from.
"""

import time
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, exists, func, select, true, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from auth.accounts.principal import Principal
from library import assets
from library.cast.tables import CastLora, CastPicture
from library.conversations.tables import Message
from library.recipes.tables import Recipe, Run, RunStep
from library.rows import whole_rows
from library.tables import Asset, AssetParent, AssetTag, Favorite, Preset
from library.views import ScheduledDeletion, Sweep

DAYS = 30
_SECONDS = DAYS * 86400.0
_SHOWN = 200


def preview(session: Session, who: Principal) -> Sweep:
    """The person's own steps that are scheduled for deletion, and when."""
    now = time.time()
    steps = whole_rows(session, Asset, _unkept().where(Asset.owner_id == who.user_id).order_by(Asset.moment))
    due = [step for step in steps if step.created_at + _SECONDS <= now]
    asset_views = assets.views(session, who, steps[:_SHOWN])
    return Sweep(
        days=DAYS,
        count=len(steps),
        due=len(due),
        bytes=sum(step.bytes for step in due),
        going=tuple(ScheduledDeletion(asset=view, goes_at=view.created_at + _SECONDS) for view in asset_views),
    )


def sweep(session: Session, who: Principal | None = None) -> tuple[str, ...]:
    """Move unkept steps older than 30 days to their owners' bins: one person's, or everyone's. Returns their ids."""
    query = _unkept().where(Asset.created_at <= time.time() - _SECONDS)
    if who is not None:
        query = query.where(Asset.owner_id == who.user_id)
    going = whole_rows(session, Asset, query)
    for asset in going:
        assets.delete(asset)
    return tuple(asset.id for asset in going)


def _unkept() -> Select[Asset]:
    child = aliased(Asset)
    wanted = (
        select(AssetParent.parent_id)
        .join(child, child.id == AssetParent.child_id)
        .where(child.deleted_at.is_(None), ~_loose(child))
        .cte("wanted", recursive=True)
    )
    wanted = wanted.union(select(AssetParent.parent_id).join(wanted, wanted.c.parent_id == AssetParent.child_id))
    return select(Asset).where(_loose(Asset), Asset.deleted_at.is_(None), Asset.id.not_in(select(wanted.c.parent_id)))


def _loose(asset: type[Asset]) -> ColumnElement[bool]:
    """A step that nobody has marked and nothing uses."""
    unfinished = Run.state.not_in(("done", "stopped"))
    used = [
        select(Favorite.asset_id),
        select(AssetTag.asset_id),
        select(CastPicture.asset_id),
        select(CastLora.asset_id),
        _texts(Message.attachments),
        _texts(Preset.fields),
        _texts(Recipe.steps),
        _texts(Run.inputs).where(unfinished),
        _texts(RunStep.spec).where(exists().where(Run.id == RunStep.run_id, unfinished)),
        _texts(RunStep.assets).where(exists().where(Run.id == RunStep.run_id, unfinished)),
    ]
    return and_(asset.step.is_(True), *(asset.id.not_in(ids) for ids in used))


def _texts(column: InstrumentedAttribute[Any]) -> Select[str]:
    """Every string in a JSON column, including asset ids; a damaged value has none."""
    text = type_coerce(column, Text)
    tree = func.json_tree(case((func.json_valid(text), text), else_="[]")).table_valued("value", "type")
    return select(tree.c.value).select_from(column.class_).join(tree, true()).where(tree.c.type == "text")
