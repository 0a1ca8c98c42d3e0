"""The models as shown on the Models page: what each needs, whether it fits, where it is."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.schema import ModelView
from engines import protocol
from engines.catalog import Catalog, Entry, locations
from engines.catalog.territory import region_names
from engines.memory_fit import Fit, memory_fit, size_of
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
    (
        "Clips",
        frozenset(
            {"create_clip", "animate_image", "continue_clip", "restyle_clip", "edit_clip", "fill_clip", "extend_clip"}
            | {"upscale_clip", "interpolate_clip"}
        ),
    ),
    ("Speech", frozenset({"speak", "check_speech"})),
)
_CONVERTED = 1.15
"""From this ratio of file size to loaded size on, a model's files are stored in higher precision than it runs in."""
_TOOLS = {"hub", "ffmpeg"}
"""Runtimes of entries that are no models."""
_HELPERS = "Picture helpers"
_OTHER = "Other"
_VERIFIED = {
    "weights": "Tested with the real model.",
    "starter": "Comes with the studio and is tested with it.",
    "twin": "Not yet tested with the real model, only with a tiny one of the same architecture.",
    "import": "Not yet tested with the real model.",
}


class LoadedModelView(View):
    """A model in memory: ``device`` is where it is loaded; one in use cannot be unloaded now."""

    device: str
    bytes: int
    in_use: bool


class ModelCard(ModelView):
    """A model as shown on the page.

    ``kind`` is its heading; ``downloadable`` means that the studio can download it when
    someone asks; ``pages`` are the pages of its repositories; ``consent_pages`` are those where the terms of
    gated ones are accepted; ``load_words`` says what loading takes if the files need conversion; ``own`` means that
    someone here added it; ``in_place`` means that its files belong to another program; ``disk_bytes`` is its size on
    disk; ``not_valid_in`` names the regions where its license is not valid, ``licensed_here`` says whether it is where
    the studio is (None: that depends on a country that is unknown).
    """

    kind: str
    runtime: str
    sets: tuple[str, ...]
    fit: Fit
    verified_words: str
    loaded: tuple[LoadedModelView, ...]
    own: bool
    in_place: bool
    downloadable: bool
    removable: bool
    pages: tuple[str, ...]
    consent_pages: tuple[str, ...]
    load_words: str
    disk_bytes: int
    not_valid_in: str
    licensed_here: bool | None


class SetView(View):
    """A bundle of models: which models, what is still to download, and from what device memory it is recommended."""

    id: str
    name: str
    use: str
    from_gb: float
    models: tuple[str, ...]
    bytes: int
    missing: tuple[str, ...]
    missing_bytes: int
    recommended: bool


class ModelsView(View):
    """All models, the bundles, and the disk they are stored on. ``token`` is whether an access token is saved."""

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
    """Return every model for the page. Hidden ones do not appear in forms, but can be downloaded here."""
    catalog, devices = studio.catalog, studio.jobs.devices()
    known = (entry for entry in catalog.entries.values() if entry.runtime not in _TOOLS and (entry.tasks or entry.role))
    return tuple(
        card(studio, entry, devices)
        for entry in known
        if not entry.hidden or catalog.installed(entry) or any(map(locations.is_downloadable, entry.parts.values()))
    )


def card(studio: Studio, entry: Entry, devices: Mapping[str, protocol.DeviceState] | None = None) -> ModelCard:
    """Return one model."""
    catalog = studio.catalog
    devices = studio.jobs.devices() if devices is None else devices
    state = devices.get(entry.lane) or devices.get("device")
    installed = catalog.installed(entry)
    repositories = sorted({part.repo for part in entry.parts.values() if locations.is_repository(part)})
    in_place = any(Path(part.repo).is_absolute() for part in entry.parts.values())
    own = (studio.data.catalog / f"{entry.id}.yaml").exists()
    same: dict[str, Any] = {name: getattr(entry, name) for name in ModelView.model_fields if name != "installed"}
    return ModelCard(
        **same,
        installed=installed,
        kind=kind_of(entry),
        runtime=entry.runtime,
        sets=entry.sets,
        fit=studio.jobs.timed_fit(memory_fit(entry, catalog, state), entry),
        verified_words=_VERIFIED[entry.verified],
        loaded=_loaded_models(catalog, entry, devices),
        own=own,
        in_place=in_place,
        downloadable=any(map(locations.is_downloadable, entry.parts.values())),
        removable=own or (installed and any(map(locations.is_downloadable, entry.parts.values()))),
        pages=tuple(f"{_hub()}/{repo}" for repo in repositories),
        load_words=_conversion(entry),
        consent_pages=tuple(f"{_hub()}/{repo}" for repo in entry.gated_repos or repositories[:1]),
        disk_bytes=_on_disk(catalog, entry) if installed else 0,
        not_valid_in=region_names(entry.license.territory),
        licensed_here=catalog.licensed_here(entry),
    )


def _conversion(entry: Entry) -> str:
    """Return what loading takes if a model's files are in full precision and have to be converted; else nothing."""
    run = sum(entry.part_memory.values())
    if not run or entry.download_bytes < _CONVERTED * run:
        return ""
    largest = max(entry.part_memory.values())
    return (
        f"Its files are in full precision. Loading reads and converts {size_of(entry.download_bytes)}, which takes "
        f"longer and temporarily needs {size_of(largest)} of main memory."
    )


def models_view(studio: Studio, *, may_change: bool) -> ModelsView:
    """Return everything the page shows."""
    from engines.hub import cache as hub_cache
    from engines.hub import token

    with studio.catalog.steady():
        known = cards(studio)
    return ModelsView(
        models=known,
        sets=sets(studio, known),
        folder=str(hub_cache.root()),
        free_bytes=max(0, hub_cache.free_bytes() - studio.settings.keep_free_mb * 2**20),
        token=bool(token.read(studio.data.hub_token)),
        hub=_hub(),
        may_change=may_change,
    )


def sets(studio: Studio, cards: tuple[ModelCard, ...]) -> tuple[SetView, ...]:
    """Return the bundles; the one for this computer is recommended."""
    gpu_bytes = _graphics_bytes(studio.jobs.devices())
    best = next(one.id for one in _sets() if one.from_gb * 1e9 <= gpu_bytes)
    return tuple(_set(one, [card for card in cards if one.id in card.sets], one.id == best) for one in _sets())


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
    """Return the heading of a model."""
    return next((name for name, tasks in _USES if tasks & set(entry.tasks)), _HELPERS if entry.role else _OTHER)


def _graphics_bytes(devices: Mapping[str, protocol.DeviceState]) -> int:
    """Return the GPU's memory in bytes; 0 if the models run on the CPU."""
    state = devices.get("device")
    return state.total_bytes if state and not state.name.lower().startswith(("cpu", "processor")) else 0


def _loaded_models(
    catalog: Catalog, entry: Entry, devices: Mapping[str, protocol.DeviceState]
) -> tuple[LoadedModelView, ...]:
    """Return where parts of a model are in memory."""
    places = {str(catalog.path_of(part)) for part in entry.parts.values()}
    views: dict[tuple[str, str], LoadedModelView] = {}
    for state in devices.values():
        for one in state.components:
            if belongs_to(one.key, entry.id, places):
                device = protocol.device_label(state.name)
                views[device, one.key] = LoadedModelView(device=device, bytes=one.bytes, in_use=one.leased)
    return tuple(views.values())


def belongs_to(key: str, id: str, places: set[str]) -> bool:
    """Return whether a component belongs to a model: its key starts with the model's id or contains its file's path."""
    if key == id or key.startswith(f"{id}:"):
        return True
    return any(place in key and key.partition(place)[2][:1] in ("", "/", "#", "@") for place in places)


def _on_disk(catalog: Catalog, entry: Entry) -> int:
    """Return the size of a model's files in bytes, each counted once."""
    paths = {path.resolve() for part in entry.parts.values() for path in _files(catalog.path_of(part))}
    return sum(path.stat().st_size for path in paths if path.is_file())


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [path for path in place.glob("*") if path.is_file()]


def _hub() -> str:
    from engines.hub.client import endpoint

    return endpoint()
