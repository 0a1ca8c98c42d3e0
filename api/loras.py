"""The LoRAs of a person's library, and bringing in more of them."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from api.uploads import take_file
from auth.principal import Principal
from engines import places
from engines.loras import families
from engines.loras.facts import LoraFacts
from errors import StudioError
from library.views import AssetView
from studio import Studio

_MOST = 1000
_PAGE = 200


class LoraView(BaseModel):
    """A LoRA of the library. ``fits`` says whether the model in question reads it, None where none is."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    family: str | None
    family_name: str
    triggers: tuple[str, ...]
    rank: int | None
    base_model: str
    layout: str
    obstacle: str
    bytes: int
    has_thumb: bool
    mine: bool
    owner: str
    fits: bool | None = None


class LoraShelf(BaseModel):
    """LoRAs, and the family that the model in question reads."""

    model_config = ConfigDict(frozen=True)

    family: str | None = None
    family_name: str = ""
    loras: tuple[LoraView, ...] = ()


def shelf(studio: Studio, who: Principal, model: str | None = None, q: str | None = None) -> LoraShelf:
    """The LoRAs a person may use, newest first; with a ``model``, those that it reads before the others.

    ``q`` finds words. Raises StudioError unknown_model.
    """
    family = studio.catalog.get(model).lora_family if model else None
    found = [_view(asset, model, family) for asset in _all(studio, who, q)]
    found.sort(key=lambda one: one.fits is False)
    return LoraShelf(family=family, family_name=families.name(family) if family else "", loras=tuple(found))


def bring_in(studio: Studio, who: Principal, path: Path, project_id: str | None = None) -> AssetView:
    """Take a LoRA of this machine into the library: by a second name for the file, or a copy. For the owner alone.

    A picture beside it that is called alike stands for it. Raises StudioError not_allowed, not_readable, or as bringing
    in a file does.
    """
    owner_only(who)
    from engines.loras.folder import sample

    path = places.place(path)
    if not path.is_file():
        raise StudioError("not_readable", f"{path.name} is no file.", next="Look again.", status=422)
    return take_file(studio, who, path.resolve(), path.name, project_id, str(path.parent)[-200:], sample(path))


def owner_only(who: Principal) -> None:
    """What lies on this machine is the owner's. Raises StudioError not_allowed (403)."""
    if who.role != "owner":
        raise StudioError("not_allowed", "Only the owner can do that.", next="Ask the owner.", status=403)


def _all(studio: Studio, who: Principal, q: str | None) -> Iterator[AssetView]:
    after, seen = None, 0
    while seen < _MOST:
        page = studio.library.page(who, kind="lora", q=q, after=after, limit=_PAGE)
        yield from page.assets
        after, seen = page.next, seen + len(page.assets)
        if after is None:
            return


def _view(asset: AssetView, model: str | None, family: str | None) -> LoraView:
    known = LoraFacts.model_validate(asset.lora or {})
    fits = asset.family in families.readable(family) and not known.obstacle
    return LoraView(
        id=asset.id,
        title=asset.title,
        family=asset.family,
        family_name=families.name(asset.family) if asset.family else "",
        bytes=asset.bytes,
        has_thumb=asset.has_thumb,
        mine=asset.mine,
        owner=asset.owner,
        fits=fits if model else None,
        **known.model_dump(exclude={"name", "encoders"}),
    )
