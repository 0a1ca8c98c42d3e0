"""The LoRAs in a person's library, and adding more."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from api.server_paths import is_inside, server_path
from api.uploads import take_file
from auth.accounts.principal import Principal
from engines.loras import families
from engines.loras.facts import LoraFacts
from errors import StudioError
from library.views import AssetView
from studio import Studio

_MOST = 1000
_PAGE = 200


class LoraView(BaseModel):
    """A LoRA of the library. ``fits`` is whether the given model can use it, None without a model."""

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
    note: str
    bytes: int
    has_thumb: bool
    mine: bool
    owner: str
    fits: bool | None = None


class LoraListView(BaseModel):
    """LoRAs, and the LoRA family of the given model."""

    model_config = ConfigDict(frozen=True)

    family: str | None = None
    family_name: str = ""
    loras: tuple[LoraView, ...] = ()


def lora_list(studio: Studio, who: Principal, model: str | None = None, q: str | None = None) -> LoraListView:
    """Return the LoRAs a person may use, newest first; with a ``model``, those it can use come first.

    ``q`` searches. Raises StudioError unknown_model.
    """
    family = studio.catalog.get(model).lora_family if model else None
    views = [_view(asset, model, family) for asset in _all(studio, who, q)]
    views.sort(key=lambda one: one.fits is False)
    return LoraListView(family=family, family_name=families.name(family) if family else "", loras=tuple(views))


def add_lora(studio: Studio, who: Principal, typed: str, project_id: str | None = None) -> AssetView:
    """Add a LoRA file of this computer to the library, as a hard link or a copy (owner only).

    A picture of the same name next to it becomes its thumbnail. Raises StudioError as ``server_path``, not_a_lora, or
    as ``take_file``; then nothing is stored.
    """
    from engines.loras import inspect_file
    from engines.loras.folder import sample
    from engines.weights.safetensors_header import is_safetensors

    path = server_path(studio, who, typed)
    if not path.is_file():
        raise StudioError("not_readable", f"{path.name} is not a file.", next="Choose a LoRA file.", status=422)
    if not is_safetensors(path):
        raise StudioError(
            "not_a_lora",
            f"“{path.name[:80]}” is not a LoRA.",
            "It is not a safetensors file.",
            "Choose a file that ends in .safetensors.",
            status=422,
        )
    inspect_file.inspect_lora(path, path.name, thorough=False)
    face = sample(path)
    shown = face if face is not None and is_inside(studio, face.resolve()) else None
    return take_file(studio, who, path, path.name, project_id, str(path.parent)[-200:], shown)


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
