"""Edit assets, one or many at once: favorites, tags, titles, sources, projects."""

import unicodedata
from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from errors import StudioError
from library import assets, projects
from library.cast.tables import CastLora
from library.files import short_title
from library.rights import readable
from library.rows import whole_rows
from library.tables import Asset, AssetTag, Favorite
from library.views import MOST_TAGS, AssetChange, BulkEdit, Outcome, Refusal

TAG_LENGTH = 40
TRIGGER_LENGTH = 200


def change(session: Session, who: Principal, asset_id: str, wanted: AssetChange) -> Asset:
    """Change the given fields. Raises StudioError not_found, not_yours, bad_title, bad_tag, bad_trigger, wrong_kind;
    then nothing is changed."""
    asset = assets.find(session, who, asset_id, deleted=True)
    given = wanted.model_fields_set
    if given - {"favorite"}:
        asset = assets.find_own(session, who, asset_id)
    if "favorite" in given:
        _set_favorite(session, who, [asset.id], wanted.favorite)
    if "title" in given:
        asset.title = _title(wanted.title)
    if "source" in given:
        asset.source = label(wanted.source)
    if "project_id" in given:
        _move(session, who, [asset], wanted.project_id)
    if "tags" in given:
        session.execute(delete(AssetTag).where(AssetTag.asset_id == asset.id))
        _tag(session, [asset.id], [tag_name(tag) for tag in wanted.tags])
    if "triggers" in given:
        _set_triggers(session, asset, wanted.triggers)
    session.flush()
    return asset


def _set_triggers(session: Session, asset: Asset, words: Sequence[str]) -> None:
    """Set a LoRA's trigger words, and update cast members that use its first one."""
    if asset.kind != "lora":
        raise StudioError("wrong_kind", f"“{asset.title}” is not a LoRA.", "Only LoRAs have trigger words.", status=422)
    before = [*(asset.lora or {}).get("triggers", ()), ""]
    triggers = list(dict.fromkeys(word for word in map(_trigger, words) if word))
    asset.lora = {**(asset.lora or {}), "triggers": triggers}
    update_triggers = update(CastLora).where(
        CastLora.asset_id == asset.id, CastLora.trigger == before[0][:TRIGGER_LENGTH]
    )
    session.execute(update_triggers.values(trigger=next(iter(triggers), "")))


def _trigger(text: str) -> str:
    """A trigger word on one line. Raises StudioError bad_trigger."""
    word = " ".join(text.split())
    if len(word) > TRIGGER_LENGTH or not word.isprintable():
        raise StudioError(
            "bad_trigger",
            f"A trigger word can have up to {TRIGGER_LENGTH} characters.",
            next="Enter only the words that activate the LoRA.",
            status=422,
        )
    return word


def label(text: str | None) -> str | None:
    """A source on one line; None if it is empty."""
    return short_title(text or "") or None


def tag_name(text: str) -> str:
    """A tag in its stored form: one line, lowercase, NFC. Raises StudioError bad_tag."""
    tag = unicodedata.normalize("NFC", " ".join(text.encode("utf-8", "replace").decode().lower().split()))
    if not tag or len(tag) > TAG_LENGTH or not any(map(str.isalnum, tag)):
        raise StudioError(
            "bad_tag",
            f"A tag has 1 to {TAG_LENGTH} characters, with at least one letter or digit.",
            next="Change the tag, then try again.",
            status=422,
        )
    return tag


def edit_many(session: Session, who: Principal, edit: BulkEdit) -> Outcome:
    """Apply one edit to every asset that allows it. Raises StudioError bad_tag, not_found (project)."""
    ids = list(dict.fromkeys(edit.ids))
    query = select(Asset).where(Asset.id.in_(ids), readable(who))
    assets_by_id = {asset.id: asset for asset in whole_rows(session, Asset, query)}
    refused = [Refusal(id=id, what="There is no such file.") for id in ids if id not in assets_by_id]
    theirs = [a for a in assets_by_id.values() if a.owner_id != who.user_id]
    may = list(assets_by_id.values())
    if edit.do not in ("favorite", "unfavorite"):
        refused += [Refusal(id=a.id, what=f"“{a.title}” is someone else's. Only they can change it.") for a in theirs]
        may = [a for a in may if a.owner_id == who.user_id]
    if edit.do == "tag":
        full = _full(session, may, tag_name(edit.tag))
        refused += [Refusal(id=a.id, what=f"“{a.title}” has {MOST_TAGS} tags. Remove one first.") for a in full]
        may = [a for a in may if a not in full]
    _ACTIONS[edit.do](session, who, may, edit)
    session.flush()
    done = {asset.id for asset in may}
    return Outcome(done=tuple(id for id in ids if id in done), refused=tuple(refused))


def _delete(_: Session, __: Principal, chosen: Sequence[Asset], ___: BulkEdit) -> None:
    for asset in chosen:
        assets.delete(asset)


def _restore(_: Session, __: Principal, chosen: Sequence[Asset], ___: BulkEdit) -> None:
    for asset in chosen:
        assets.restore(asset)


_ACTIONS: dict[str, Callable[[Session, Principal, Sequence[Asset], BulkEdit], None]] = {
    "delete": _delete,
    "restore": _restore,
    "favorite": lambda session, who, chosen, _: _set_favorite(session, who, [a.id for a in chosen], True),
    "unfavorite": lambda session, who, chosen, _: _set_favorite(session, who, [a.id for a in chosen], False),
    "tag": lambda session, _, chosen, deeds: _tag(session, [a.id for a in chosen], [tag_name(deeds.tag)]),
    "untag": lambda session, _, chosen, deeds: _untag(session, [a.id for a in chosen], tag_name(deeds.tag)),
    "move": lambda session, who, chosen, deeds: _move(session, who, chosen, deeds.project_id),
}


def _set_favorite(session: Session, who: Principal, ids: Sequence[str], favorite: bool) -> None:
    if not favorite:
        mine = delete(Favorite).where(Favorite.user_id == who.user_id, Favorite.asset_id.in_(ids))
        session.execute(mine)
    elif ids:
        rows = [{"user_id": who.user_id, "asset_id": asset_id} for asset_id in ids]
        session.execute(insert(Favorite).values(rows).on_conflict_do_nothing())


def _tag(session: Session, ids: Sequence[str], tags: Sequence[str]) -> None:
    rows = [{"asset_id": asset_id, "tag": tag} for asset_id in ids for tag in tags]
    if rows:
        session.execute(insert(AssetTag).values(rows).on_conflict_do_nothing())


def _full(session: Session, chosen: Sequence[Asset], tag: str) -> list[Asset]:
    """The assets that already have the maximum number of other tags."""
    others = select(AssetTag.asset_id).where(AssetTag.asset_id.in_([a.id for a in chosen]), AssetTag.tag != tag)
    full = set(session.scalars(others.group_by(AssetTag.asset_id).having(func.count() >= MOST_TAGS)))
    return [asset for asset in chosen if asset.id in full]


def _untag(session: Session, ids: Sequence[str], tag: str) -> None:
    session.execute(delete(AssetTag).where(AssetTag.tag == tag, AssetTag.asset_id.in_(ids)))


def _move(session: Session, who: Principal, chosen: Sequence[Asset], project_id: str | None) -> None:
    if project_id is not None:
        projects.require(session, who, project_id)
    for asset in chosen:
        asset.project_id = project_id


def _title(text: str) -> str:
    title = short_title(text)
    if not title:
        raise StudioError("bad_title", "A file needs a title.", next="Enter a title, then try again.", status=422)
    return title
