"""What models lie in a folder that another program keeps: ComfyUI's, A1111's, or a plain one."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines import places, walking
from engines.hub.adding import recognise_any
from engines.hub.recognise import SUFFIXES, Found

MOST = 2000
"""How many files are looked at."""


class Item(BaseModel):
    """A model in the folder: where, how large, what it is, whether it can be used here, and if not why."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    bytes: int
    what: str
    usable: bool
    why: str = ""


class Scan(BaseModel):
    """What was found; ``more`` says that there is more than was looked at."""

    model_config = ConfigDict(frozen=True)

    folder: str
    items: tuple[Item, ...]
    more: bool = False


def scan(folder: Path, allowed: walking.Allowed = lambda path: True) -> Scan:
    """Look through a folder, what can be used first; links lead to ``allowed`` places alone.

    Raises StudioError not_readable.
    """
    folder = places.folder(folder)
    items: list[Item] = []
    for path in walking.files(folder, SUFFIXES, _whole, allowed):
        if len(items) == MOST:
            return Scan(folder=str(folder), items=_sorted(items), more=True)
        items.append(_item(path, folder, allowed))
    return Scan(folder=str(folder), items=_sorted(items))


def _sorted(items: list[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (not item.usable, item.name.lower())))


def _whole(names: list[str]) -> bool:
    """Whether a folder with these names is in the shape of the hub's: one model with all below it."""
    return "model_index.json" in names or ("config.json" in names and any(n.endswith(".safetensors") for n in names))


def _item(path: Path, folder: Path, allowed: walking.Allowed) -> Item:
    try:
        if why := walking.obstacle(path, allowed):
            found, size = Found(kind="unknown", why=why), 0
        elif path.is_file():
            found, size = recognise_any(path), path.stat().st_size
        else:
            parts = (one.stat().st_size for one in path.rglob("*") if one.is_file())
            found, size = recognise_any(path), sum(parts)
    except OSError as error:
        found, size = Found(kind="unknown", why=error.strerror or "It cannot be read."), 0
    if not places.nameable(path):
        found = Found(kind="unknown", why=places.UNNAMED)
    return Item(
        path=places.shown(path),
        name=places.shown(path.relative_to(folder)),
        bytes=size,
        what=found.words,
        usable=found.usable,
        why=found.why,
    )
