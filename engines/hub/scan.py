"""Find the models in another program's folder (ComfyUI's, A1111's) or in any other folder."""

from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engines import extra_model_paths, folder_walk, paths
from engines.extra_model_paths import ExtraPaths
from engines.hub.add_model import detect_any
from engines.weights.detect import SUFFIXES, DetectedModel

MOST = 2000
"""Largest number of files to inspect."""


class ModelFile(BaseModel):
    """A model in the folder: its path, size, kind, whether the studio can use it, and if not, why."""

    model_config = ConfigDict(frozen=True)

    path: str
    name: str
    bytes: int
    what: str
    usable: bool
    why: str = ""


class ModelScan(BaseModel):
    """The models of a folder. ``more`` is true if some files were not inspected; ``extra`` holds the folders that
    ComfyUI's file names."""

    model_config = ConfigDict(frozen=True)

    folder: str
    items: tuple[ModelFile, ...]
    more: bool = False
    extra: ExtraPaths | None = None


def scan(folder: Path, allowed: folder_walk.Allowed = lambda path: True) -> ModelScan:
    """Scan a folder and the folders that its ``extra_model_paths.yaml`` names; list usable models first.

    Links and that file may only lead to ``allowed`` places. Raises StudioError not_readable.
    """
    search = extra_model_paths.search(folder, allowed)
    files = list(islice(folder_walk.files(search.folders, SUFFIXES, _complete_folder, allowed), MOST + 1))
    items = _sorted([_item(one, search.name(one.path)) for one in files[:MOST]])
    return ModelScan(folder=str(search.home), items=items, more=len(files) > MOST, extra=search.extra)


def _sorted(items: list[ModelFile]) -> tuple[ModelFile, ...]:
    return tuple(sorted(items, key=lambda item: (not item.usable, item.name.lower())))


def _complete_folder(names: list[str]) -> bool:
    """Whether a folder with these file names is laid out like a hub repository: one model, including its subfolders."""
    return "model_index.json" in names or ("config.json" in names and any(n.endswith(".safetensors") for n in names))


def _item(file: folder_walk.FoundFile, name: str) -> ModelFile:
    path = file.path
    try:
        if file.obstacle:
            detected, size = DetectedModel(kind="unknown", why=file.obstacle), 0
        elif path.is_file():
            detected, size = detect_any(path), path.stat().st_size
        else:
            parts = (one.stat().st_size for one in path.rglob("*") if one.is_file())
            detected, size = detect_any(path), sum(parts)
    except OSError as error:
        detected, size = DetectedModel(kind="unknown", why=error.strerror or "It cannot be read."), 0
    if not paths.check_name(path):
        detected = DetectedModel(kind="unknown", why=paths.UNNAMED)
    return ModelFile(
        path=paths.display_path(path),
        name=name,
        bytes=size,
        what=detected.words,
        usable=detected.usable,
        why=detected.why,
    )
