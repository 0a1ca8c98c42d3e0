"""The models as the Models page shows them: what each needs, whether it fits, where it is."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.schema import ModelView
from engines import wire
from engines.catalog import Catalog, Entry, files
from engines.catalog.fitting import Fit, fit, size_of
from jobs.views import View
from studio import Studio
from yaml_files import read_yaml

_SETS = Path(__file__).parents[1] / "assets" / "sets.yaml"
_USES: tuple[tuple[str, frozenset[str]], ...] = (
    ("Writing", frozenset({"write"})),
    (
        "Pictures",
        frozenset(
            {"create_image", "edit_image", "change_image", "fill_image", "upscale_image", "cut_out", "stylize_image"}
        ),
    ),
    ("Clips", frozenset({"create_clip", "animate_image", "upscale_clip", "interpolate_clip"})),
    ("Speech", frozenset({"speak", "check_speech"})),
)
_CONVERTED = 1.15
"""From how many times the bytes that are run on a model's files hold more than that."""
_HELPERS = "Picture helpers"
_OTHER = "Other"
_VERIFIED = {
    "weights": "Its real weights have been run.",
    "starter": "Comes with the studio and is tested with it.",
    "twin": "Its code is tested on a tiny model of the same build; its real weights have not been run.",
    "import": "Its code loads; it has not been run.",
}


class Loaded(View):
    """Where a model is in memory: ``device`` is what it lies on; one in use cannot be freed now."""

    device: str
    bytes: int
    in_use: bool


class ModelCard(ModelView):
    """A model as the page shows it.

    ``kind`` is the heading it stands under, ``pages`` where its repositories are read about, ``consent_pages`` where
    the terms of those that ask for consent are accepted, ``load_words`` what loading takes where its files hold more
    than is run; ``own`` says that somebody here entered it, ``in_place`` that its files belong to another program;
    ``disk_bytes`` is what it takes.
    """

    kind: str
    runtime: str
    sets: tuple[str, ...]
    fit: Fit
    verified_words: str
    loaded: tuple[Loaded, ...]
    own: bool
    in_place: bool
    removable: bool
    pages: tuple[str, ...]
    consent_pages: tuple[str, ...]
    load_words: str
    disk_bytes: int


class SetView(View):
    """An install set: its models as far as there are any, what is still to be fetched of them, and for whom it is."""

    id: str
    name: str
    use: str
    from_gb: float
    models: tuple[str, ...]
    bytes: int
    missing: tuple[str, ...]
    missing_bytes: int
    recommended: bool


class Shelf(View):
    """All models, the sets, and the disk they go to. ``token`` says that an access token is kept."""

    models: tuple[ModelCard, ...]
    sets: tuple[SetView, ...]
    folder: str
    free_bytes: int
    token: bool
    hub: str
    may_change: bool


class _Set(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    from_gb: float
    use: str


@cache
def _sets() -> tuple[_Set, ...]:
    return tuple(_Set.model_validate(one) for one in read_yaml(_SETS))


def cards(studio: Studio) -> tuple[ModelCard, ...]:
    """Every model a person may know of. Hidden ones are kept from forms, not from those who may get them here."""
    catalog, devices = studio.catalog, studio.jobs.devices()
    known = (entry for entry in catalog.entries.values() if entry.runtime != "hub" and (entry.tasks or entry.role))
    return tuple(
        card(studio, entry, devices)
        for entry in known
        if not entry.hidden or catalog.installed(entry) or any(map(files.is_repository, entry.parts.values()))
    )


def card(studio: Studio, entry: Entry, devices: Mapping[str, wire.DeviceState] | None = None) -> ModelCard:
    """One model."""
    catalog = studio.catalog
    devices = studio.jobs.devices() if devices is None else devices
    state = devices.get(entry.lane) or devices.get("device")
    installed = catalog.installed(entry)
    repositories = sorted({part.repo for part in entry.parts.values() if files.is_repository(part)})
    in_place = any(Path(part.repo).is_absolute() for part in entry.parts.values())
    own = (studio.data.catalog / f"{entry.id}.yaml").exists()
    same: dict[str, Any] = {name: getattr(entry, name) for name in ModelView.model_fields if name != "installed"}
    return ModelCard(
        **same,
        installed=installed,
        kind=kind_of(entry),
        runtime=entry.runtime,
        sets=entry.sets,
        fit=fit(entry, catalog, state),
        verified_words=_VERIFIED[entry.verified],
        loaded=_loaded(catalog, entry, devices),
        own=own,
        in_place=in_place,
        removable=own or (installed and bool(repositories)),
        pages=tuple(f"{_hub()}/{repo}" for repo in repositories),
        load_words=_conversion(entry),
        consent_pages=tuple(f"{_hub()}/{repo}" for repo in entry.gated_repos or repositories[:1]),
        disk_bytes=_on_disk(catalog, entry) if installed else 0,
    )


def _conversion(entry: Entry) -> str:
    """What it costs that a model is stored in full precision and runs in half of it; nothing where it is not."""
    run = sum(entry.part_memory.values())
    if not run or entry.download_bytes < _CONVERTED * run:
        return ""
    largest = max(entry.part_memory.values())
    return (
        f"Its files hold full precision: loading reads {size_of(entry.download_bytes)} and converts them, which takes "
        f"longer and {size_of(largest)} of main memory for a while."
    )


def shelf(studio: Studio, *, may_change: bool) -> Shelf:
    """Everything the page shows."""
    from engines.hub import cache as hub_cache
    from engines.hub import token

    known = cards(studio)
    return Shelf(
        models=known,
        sets=sets(studio, known),
        folder=str(hub_cache.root()),
        free_bytes=max(0, hub_cache.free_bytes() - studio.settings.keep_free_mb * 2**20),
        token=bool(token.read(studio.data.hub_token)),
        hub=_hub(),
        may_change=may_change,
    )


def sets(studio: Studio, known: tuple[ModelCard, ...]) -> tuple[SetView, ...]:
    """The install sets; the one for this machine is recommended."""
    card = _graphics_bytes(studio.jobs.devices())
    best = next(one.id for one in _sets() if one.from_gb * 1e9 <= card)
    return tuple(_set(one, [model for model in known if one.id in model.sets], one.id == best) for one in _sets())


def _set(one: _Set, models: list[ModelCard], recommended: bool) -> SetView:
    missing = [model for model in models if not model.installed]
    return SetView(
        **one.model_dump(),
        models=tuple(model.id for model in models),
        bytes=sum(model.download_bytes for model in models),
        missing=tuple(model.id for model in missing),
        missing_bytes=sum(model.download_bytes for model in missing),
        recommended=recommended,
    )


def kind_of(entry: Entry) -> str:
    """The heading a model stands under."""
    return next((name for name, tasks in _USES if tasks & set(entry.tasks)), _HELPERS if entry.role else _OTHER)


def _graphics_bytes(devices: Mapping[str, wire.DeviceState]) -> int:
    """Memory of the graphics card; 0 where the models run on the processor."""
    state = devices.get("device")
    return state.total_bytes if state and not state.name.lower().startswith(("cpu", "processor")) else 0


def _loaded(catalog: Catalog, entry: Entry, devices: Mapping[str, wire.DeviceState]) -> tuple[Loaded, ...]:
    """Where any part of a model is in memory."""
    places = {str(catalog.path_of(part)) for part in entry.parts.values()}
    found: dict[tuple[str, str], Loaded] = {}
    for state in devices.values():
        for one in state.components:
            if is_of(one.key, entry.id, places):
                found[state.name, one.key] = Loaded(device=state.name, bytes=one.bytes, in_use=one.leased)
    return tuple(found.values())


def is_of(key: str, id: str, places: set[str]) -> bool:
    """Whether a component belongs to a model: engines call it after the model's id, or after the file it is of."""
    if key == id or key.startswith(f"{id}:"):
        return True
    return any(place in key and key.partition(place)[2][:1] in ("", "/", "#", "@") for place in places)


def _on_disk(catalog: Catalog, entry: Entry) -> int:
    """Bytes of a model's files, each once."""
    found = {path.resolve() for part in entry.parts.values() for path in _files(catalog.path_of(part))}
    return sum(path.stat().st_size for path in found if path.is_file())


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [path for path in place.glob("*") if path.is_file()]


def _hub() -> str:
    from engines.hub.client import endpoint

    return endpoint()
