"""Find the LoRAs in another program's folder."""

from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines import extra_model_paths, folder_walk, paths
from engines.extra_model_paths import ExtraPaths
from engines.loras import families, inspect_file
from engines.loras.facts import LoraFacts
from errors import StudioError

MOST = 2000
"""Largest number of files to inspect."""
_SAMPLES = (".preview.png", ".preview.jpg", ".preview.jpeg", ".png", ".jpg", ".jpeg", ".webp")
"""Suffixes that other programs give to a LoRA's sample picture."""


class LoraFile(BaseModel):
    """A LoRA in the folder; ``obstacle`` says why it cannot be used, else it is empty."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    bytes: int
    family: str | None = None
    family_name: str = ""
    triggers: tuple[str, ...] = ()
    obstacle: str = ""


class LoraScan(BaseModel):
    """The LoRAs of a folder. ``more`` is true if some files were not inspected; ``extra`` holds the folders that
    ComfyUI's file names."""

    model_config = ConfigDict(frozen=True)

    folder: str
    items: tuple[LoraFile, ...]
    more: bool = False
    extra: ExtraPaths | None = None


def scan(folder: Path, allowed: folder_walk.Allowed = lambda path: True) -> LoraScan:
    """Scan a folder and the folders that its ``extra_model_paths.yaml`` names; list usable LoRAs first.

    Links and that file may only lead to ``allowed`` places. Raises StudioError not_readable.
    """
    search = extra_model_paths.search(folder, allowed)
    files = list(islice(folder_walk.files(search.folders, (inspect_file.SUFFIX,), allowed=allowed), MOST + 1))
    found = [item for one in files[:MOST] if (item := _item(one, search.name(one.path))) is not None]
    items = sorted(found, key=lambda item: (bool(item.obstacle), item.name.lower()))
    return LoraScan(folder=str(search.home), items=tuple(items), more=len(files) > MOST, extra=search.extra)


def sample(path: Path) -> Path | None:
    """Return the sample picture next to a LoRA, or None."""
    candidates = (path.with_name(path.stem + suffix) for suffix in _SAMPLES)
    return next((one for one in candidates if one.is_file()), None)


def _item(file: folder_walk.FoundFile, name: str) -> LoraFile | None:
    """Inspect one file; return None for weights that are not a LoRA."""
    path, size = file.path, 0
    if file.obstacle:
        return LoraFile(path=paths.display_path(path), name=name, bytes=0, obstacle=file.obstacle)
    try:
        if not path.is_file():  # a pipe would block
            return None
        size = path.stat().st_size
        family, known = inspect_file.inspect_lora(path, path.name, thorough=False)
    except StudioError as error:
        if error.problem.code == "not_a_lora":
            return None
        family, known = None, LoraFacts(name=path.stem, obstacle=error.problem.why)
    except OSError as error:
        family, known = None, LoraFacts(name=path.stem, obstacle=error.strerror or "It cannot be read.")
    if not paths.check_name(path):
        known = known.model_copy(update={"obstacle": paths.UNNAMED})
    return LoraFile(
        path=paths.display_path(path),
        name=name,
        bytes=size,
        family=family,
        family_name=families.name(family) if family else "",
        triggers=known.triggers,
        obstacle=known.obstacle,
    )
