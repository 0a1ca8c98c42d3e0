"""What models lie in a folder that another program keeps: ComfyUI's, A1111's, or a plain one."""

from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines import extra_model_paths, places, walking
from engines.extra_model_paths import ExtraPaths
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
    """What was found; ``more`` says that there is more than was looked at, ``extra`` what ComfyUI's file names."""

    model_config = ConfigDict(frozen=True)

    folder: str
    items: tuple[Item, ...]
    more: bool = False
    extra: ExtraPaths | None = None


def scan(folder: Path, allowed: walking.Allowed = lambda path: True) -> Scan:
    """Look through a folder and those its ``extra_model_paths.yaml`` names, what can be used first.

    Links and that file lead to ``allowed`` places alone. Raises StudioError not_readable.
    """
    search = extra_model_paths.search(folder, allowed)
    found = list(islice(walking.files(search.folders, SUFFIXES, _whole, allowed), MOST + 1))
    items = _sorted([_item(one, search.name(one.path)) for one in found[:MOST]])
    return Scan(folder=str(search.home), items=items, more=len(found) > MOST, extra=search.extra)


def _sorted(items: list[Item]) -> tuple[Item, ...]:
    return tuple(sorted(items, key=lambda item: (not item.usable, item.name.lower())))


def _whole(names: list[str]) -> bool:
    """Whether a folder with these names is in the shape of the hub's: one model with all below it."""
    return "model_index.json" in names or ("config.json" in names and any(n.endswith(".safetensors") for n in names))


def _item(met: walking.Found, name: str) -> Item:
    path = met.path
    try:
        if met.obstacle:
            found, size = Found(kind="unknown", why=met.obstacle), 0
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
        name=name,
        bytes=size,
        what=found.words,
        usable=found.usable,
        why=found.why,
    )
