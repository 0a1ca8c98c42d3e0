"""ComfyUI's ``extra_model_paths.yaml``, which lists model folders on other disks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from engines import paths
from engines.folder_walk import UNREADABLE, Allowed
from yaml_files import read_foreign_yaml

NAME = "extra_model_paths.yaml"
MISSING = "This folder does not exist. Connect its disk, or correct the path in the file."
OUTSIDE = "It is outside the folders the studio may read. Add it to C41_MODEL_FOLDERS and restart the studio."
_MOST_BYTES = 64 * 1024
_NO_MODELS = {"base_path", "is_default", "custom_nodes"}
"""Keys of a section that are not model folders."""


class ExtraFolder(BaseModel):
    """A folder listed in the file and its kinds (``checkpoints``, ``loras`` …). ``obstacle``: why it was not read."""

    model_config = ConfigDict(frozen=True)

    path: str
    kinds: tuple[str, ...]
    obstacle: str = ""


class ExtraPaths(BaseModel):
    """The folders listed in ``file``. ``obstacle``: why the file itself could not be read."""

    model_config = ConfigDict(frozen=True)

    file: str
    folders: tuple[ExtraFolder, ...] = ()
    obstacle: str = ""


class Search(NamedTuple):
    """The folders to search: ``home`` is the folder a person entered, or that of the file they entered."""

    home: Path
    folders: tuple[Path, ...]
    extra: ExtraPaths | None = None

    def name(self, path: Path) -> str:
        """Return a path for display: relative to ``home`` if it is inside, else absolute."""
        return paths.display_path(path.relative_to(self.home) if path.is_relative_to(self.home) else path)


def search(typed: Path, allowed: Allowed) -> Search:
    """Return the folders to search for a path that a person entered, with those that ComfyUI's file in it lists.

    ``typed`` is a folder (ComfyUI's, its ``models``, or any other) or such a file; then only the folders it lists are
    searched. Folders that are not ``allowed`` are listed but not accessed. Raises StudioError not_readable.
    """
    if typed.suffix.lower() in (".yaml", ".yml") and (file := paths.place(typed)).is_file():
        extra, folders = _read(file, allowed)
        return Search(file.parent, folders, extra)
    folder = paths.folder(typed)
    homes = (folder, folder.parent) if folder.name == "models" else (folder,)
    there = next((home / NAME for home in homes if os.path.lexists(home / NAME)), None)
    if there is None:
        return Search(folder, (folder,))
    extra, folders = _read(there, allowed)
    return Search(folder, (folder, *folders), extra)


def _read(file: Path, allowed: Allowed) -> tuple[ExtraPaths, tuple[Path, ...]]:
    """Return a file's contents, and which of its folders may be searched."""
    try:
        sections = _sections(file, allowed)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a symlink loop
        return ExtraPaths(file=paths.display_path(file), obstacle=_why(error)), ()
    kinds: dict[Path, list[str]] = {}
    for path, kind in _named(sections, file.parent):
        kinds.setdefault(path, []).append(kind)
    obstacles = {path: _obstacle(path, allowed) for path in kinds}
    folders = tuple(
        ExtraFolder(path=paths.display_path(path), kinds=tuple(dict.fromkeys(these)), obstacle=obstacles[path])
        for path, these in kinds.items()
    )
    readable = tuple(path for path, obstacle in obstacles.items() if not obstacle)
    return ExtraPaths(file=paths.display_path(file), folders=folders), readable


def _sections(file: Path, allowed: Allowed) -> dict[Any, Any]:
    """Return the sections of a file. Raises OSError, or ValueError with a sentence or from the YAML parser."""
    if not allowed(file.resolve()):
        raise ValueError(OUTSIDE)
    if not file.is_file():
        raise ValueError("It is not a file.")
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("It is larger than 64 KB. Remove what does not belong in it.")
    content = read_foreign_yaml(file)
    if content is None:  # only comments
        return {}
    if not isinstance(content, dict):
        raise ValueError("It has no sections. Compare it with ComfyUI's extra_model_paths.yaml.example.")
    return content


def _named(sections: dict[Any, Any], home: Path) -> Iterator[tuple[Path, str]]:
    """Yield each folder and its kind as ComfyUI reads them: ``~`` and variables are expanded only in ``base_path``."""
    for section in sections.values():
        if not isinstance(section, dict):
            continue
        base = str(section.get("base_path") or "")
        base = os.path.expandvars(os.path.expanduser(base))  # noqa: PTH111 -- leaves an unknown user's home as it is
        for kind, value in section.items():
            for line in () if kind in _NO_MODELS else _lines(value):
                yield Path(os.path.normpath(home / base / line)), str(kind)


def _lines(value: Any) -> Iterator[str]:
    """Yield the folders of a kind: one per line, or the items of a list (people write those; ComfyUI ignores them)."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            yield from filter(None, map(str.strip, text.splitlines()))


def _obstacle(path: Path, allowed: Allowed) -> str:
    """Return why a folder is not searched. A folder that is not allowed is not accessed at all."""
    try:
        if not allowed(path.resolve()):
            return OUTSIDE
        if not path.is_dir():
            return MISSING
    except (OSError, ValueError, RuntimeError):  # an invalid name, or a symlink loop
        return MISSING
    return "" if os.access(path, os.R_OK | os.X_OK) else UNREADABLE


def _why(error: Exception) -> str:
    mark = getattr(error.__cause__, "problem_mark", None)
    if mark is not None:
        return f"It is not valid YAML at line {mark.line + 1}. Correct that line."
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError) and error.__cause__ is None:
        return str(error)
    return "It cannot be read. Save it as YAML in UTF-8, and allow the studio to read it."
