"""The LoRAs in a folder that another program keeps."""

from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines import extra_model_paths, places, walking
from engines.extra_model_paths import ExtraPaths
from engines.loras import families, looking
from engines.loras.facts import LoraFacts
from errors import StudioError

MOST = 2000
"""How many files are looked at."""
_SAMPLES = (".preview.png", ".preview.jpg", ".preview.jpeg", ".png", ".jpg", ".jpeg", ".webp")
"""What other programs call the sample picture of a LoRA, behind its name."""


class Item(BaseModel):
    """A LoRA in the folder; ``obstacle`` tells why it cannot be used, where it cannot."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    bytes: int
    family: str | None = None
    family_name: str = ""
    triggers: tuple[str, ...] = ()
    obstacle: str = ""


class Scan(BaseModel):
    """What was found; ``more`` says that there is more than was looked at, ``extra`` what ComfyUI's file names."""

    model_config = ConfigDict(frozen=True)

    folder: str
    items: tuple[Item, ...]
    more: bool = False
    extra: ExtraPaths | None = None


def scan(folder: Path, allowed: walking.Allowed = lambda path: True) -> Scan:
    """The LoRAs in a folder and in those its ``extra_model_paths.yaml`` names, what can be used first.

    Links and that file lead to ``allowed`` places alone. Raises StudioError not_readable.
    """
    search = extra_model_paths.search(folder, allowed)
    files = list(islice(walking.files(search.folders, (looking.SUFFIX,), allowed=allowed), MOST + 1))
    found = [item for one in files[:MOST] if (item := _item(one, search.name(one.path))) is not None]
    items = sorted(found, key=lambda item: (bool(item.obstacle), item.name.lower()))
    return Scan(folder=str(search.home), items=tuple(items), more=len(files) > MOST, extra=search.extra)


def sample(path: Path) -> Path | None:
    """The picture that lies beside a LoRA and shows what it does, if there is one."""
    beside = (path.with_name(path.stem + suffix) for suffix in _SAMPLES)
    return next((one for one in beside if one.is_file()), None)


def _item(found: walking.Found, name: str) -> Item | None:
    """What one file is; None for weights that are no LoRA."""
    path, size = found.path, 0
    if found.obstacle:
        return Item(path=places.shown(path), name=name, bytes=0, obstacle=found.obstacle)
    try:
        if not path.is_file():  # a pipe would keep its reader waiting
            return None
        size = path.stat().st_size
        family, known = looking.look(path, path.name, thorough=False)
    except StudioError as error:
        if error.problem.code == "not_a_lora":
            return None
        family, known = None, LoraFacts(name=path.stem, obstacle=error.problem.why)
    except OSError as error:
        family, known = None, LoraFacts(name=path.stem, obstacle=error.strerror or "It cannot be read.")
    if not places.nameable(path):
        known = known.model_copy(update={"obstacle": places.UNNAMED})
    return Item(
        path=places.shown(path),
        name=name,
        bytes=size,
        family=family,
        family_name=families.name(family) if family else "",
        triggers=known.triggers,
        obstacle=known.obstacle,
    )
