"""Find the family that supports an entry's pipeline class, as declared in each family's ``detect.yaml``."""

from functools import cache
from importlib import import_module
from pathlib import Path

from engines.catalog import Entry
from engines.catalog.family_folders import PACKAGE, family_folders
from engines.diffusion.family import Family
from engines.weights.detect_rules import folder_table
from errors import StudioError


def of(entry: Entry) -> Family:
    """Return the family of an entry, importing its module. Raises StudioError ``unsupported_model`` (422) if no family
    supports its pipeline."""
    name = _class_name(entry)
    driver = _drivers(family_folders()).get(name)
    if driver is None:
        raise StudioError(
            "unsupported_model",
            f"{entry.name} is not supported.",
            f"No model family supports its pipeline, {name[:80]}.",
            "Choose another model.",
            status=422,
        )
    module, family_class = driver
    family: Family = getattr(import_module(module), family_class)()
    return family


def can_use_references(entry: Entry, task: str) -> bool:
    """Whether a model that accepts reference pictures accepts them in a task."""
    return task in (of(entry) if _is_known(entry) else Family).reference_tasks


def numbers_references(entry: Entry) -> bool:
    """Whether a prompt for a model can refer to reference pictures by their number."""
    return not _is_known(entry) or of(entry).numbers_references


def _is_known(entry: Entry) -> bool:
    return _class_name(entry) in _drivers(family_folders())


def _class_name(entry: Entry) -> str:
    return entry.pipeline.partition(":")[2]


@cache
def _drivers(folders: tuple[Path, ...]) -> dict[str, tuple[str, str]]:
    """Return the module and name of the family class for each pipeline class."""
    drivers = {}
    for folder in folders:
        for name, row in folder_table(folder).pipelines.items():
            module, _, family_class = row.family_class.rpartition(":")
            if family_class:
                drivers[name] = (f"{PACKAGE}.{folder.name}.{module or 'family'}", family_class)
    return drivers
