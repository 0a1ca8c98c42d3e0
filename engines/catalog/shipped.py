"""The entries that ship with the studio: each family's in its folder, the others here."""

from functools import cache
from pathlib import Path

from engines.catalog.entry import Entry
from engines.catalog.family_folders import family_folders
from yaml_files import read_yaml

_SHARED_ENTRIES = Path(__file__).parent / "entries"


def read(path: Path) -> Entry:
    """Read one entry from its YAML file. Raises ValueError or OSError if it is invalid."""
    return Entry.model_validate(read_yaml(path))


def entry_files() -> list[Path]:
    """Return the file of every shipped entry, sorted by id: the files are named after the ids."""
    folders = (_SHARED_ENTRIES, *(folder / "entries" for folder in family_folders()))
    return sorted((path for folder in folders for path in folder.glob("*.yaml")), key=lambda path: path.name)


def entries() -> tuple[Entry, ...]:
    """Return every shipped entry, sorted by id; each file is read once."""
    return _read_all(tuple(entry_files()))


def entry(id: str) -> Entry:
    """Return the shipped entry with an id. Raises KeyError."""
    return {one.id: one for one in entries()}[id]


@cache
def _read_all(files: tuple[Path, ...]) -> tuple[Entry, ...]:
    return tuple(map(read, files))
