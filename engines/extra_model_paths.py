"""ComfyUI's ``extra_model_paths.yaml``: the folders on other disks where somebody keeps models."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from engines import places
from engines.walking import UNREADABLE, Allowed
from yaml_files import read_foreign_yaml

NAME = "extra_model_paths.yaml"
MISSING = "There is no such folder. Connect its disk, or correct the path in the file."
OUTSIDE = "It is outside the folders the studio may read. Add it to C41_MODEL_FOLDERS and start the studio again."
_MOST_BYTES = 64 * 1024
_NO_MODELS = {"base_path", "is_default", "custom_nodes"}
"""Keys of a section that name no folder of models."""


class ExtraFolder(BaseModel):
    """A folder that the file names, and for what (``checkpoints``, ``loras`` …). ``obstacle``: why it was not read."""

    model_config = ConfigDict(frozen=True)

    path: str
    kinds: tuple[str, ...]
    obstacle: str = ""


class ExtraPaths(BaseModel):
    """What the file at ``file`` names. ``obstacle``: why the file itself could not be read."""

    model_config = ConfigDict(frozen=True)

    file: str
    folders: tuple[ExtraFolder, ...] = ()
    obstacle: str = ""


class Search(NamedTuple):
    """The folders to look through: ``home`` is what was typed, or where the typed file lies."""

    home: Path
    folders: tuple[Path, ...]
    extra: ExtraPaths | None = None

    def name(self, path: Path) -> str:
        """What a path is called: from ``home`` on if it is in there, else from the root on."""
        return places.shown(path.relative_to(self.home) if path.is_relative_to(self.home) else path)


def search(typed: Path, allowed: Allowed) -> Search:
    """The folders to look through for what somebody typed, with those that ComfyUI's file in it names.

    Typed may be a folder: ComfyUI's, its ``models``, or any other; or such a file, then only the folders it names are
    meant. Folders that are not ``allowed`` are named and not touched. Raises StudioError not_readable.
    """
    if typed.suffix.lower() in (".yaml", ".yml") and (file := places.place(typed)).is_file():
        extra, found = _read(file, allowed)
        return Search(file.parent, found, extra)
    folder = places.folder(typed)
    homes = (folder, folder.parent) if folder.name == "models" else (folder,)
    there = next((home / NAME for home in homes if os.path.lexists(home / NAME)), None)
    if there is None:
        return Search(folder, (folder,))
    extra, found = _read(there, allowed)
    return Search(folder, (folder, *found), extra)


def _read(file: Path, allowed: Allowed) -> tuple[ExtraPaths, tuple[Path, ...]]:
    """What a file says, and the folders of it that may be looked through."""
    try:
        sections = _sections(file, allowed)
    except (OSError, ValueError, RuntimeError) as error:  # the last one for links in a circle
        return ExtraPaths(file=places.shown(file), obstacle=_why(error)), ()
    kinds: dict[Path, list[str]] = {}
    for path, kind in _named(sections, file.parent):
        kinds.setdefault(path, []).append(kind)
    obstacles = {path: _obstacle(path, allowed) for path in kinds}
    folders = tuple(
        ExtraFolder(path=places.shown(path), kinds=tuple(dict.fromkeys(these)), obstacle=obstacles[path])
        for path, these in kinds.items()
    )
    readable = tuple(path for path, obstacle in obstacles.items() if not obstacle)
    return ExtraPaths(file=places.shown(file), folders=folders), readable


def _sections(file: Path, allowed: Allowed) -> dict[Any, Any]:
    """Raises ValueError with a sentence, or from YAML; OSError."""
    if not allowed(file.resolve()):
        raise ValueError(OUTSIDE)
    if not file.is_file():
        raise ValueError("It is not a file.")
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("It is larger than 64 KB. Remove what does not belong in it.")
    content = read_foreign_yaml(file)
    if content is None:  # nothing but comments
        return {}
    if not isinstance(content, dict):
        raise ValueError("It has no sections. Compare it with ComfyUI's extra_model_paths.yaml.example.")
    return content


def _named(sections: dict[Any, Any], home: Path) -> Iterator[tuple[Path, str]]:
    """Each folder and what it is for, read as ComfyUI does: ``~`` and variables count in ``base_path`` alone."""
    for section in sections.values():
        if not isinstance(section, dict):
            continue
        base = str(section.get("base_path") or "")
        base = os.path.expandvars(os.path.expanduser(base))  # noqa: PTH111 -- leaves a home that nobody has as it is
        for kind, value in section.items():
            for line in () if kind in _NO_MODELS else _lines(value):
                yield Path(os.path.normpath(home / base / line)), str(kind)


def _lines(value: Any) -> Iterator[str]:
    """The folders of a kind: a line each, or items of a list, which people write though ComfyUI does not read it."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            yield from filter(None, map(str.strip, text.splitlines()))


def _obstacle(path: Path, allowed: Allowed) -> str:
    """Why a folder is not looked through; of one that is not allowed nothing is looked at, not even whether it is."""
    try:
        if not allowed(path.resolve()):
            return OUTSIDE
        if not path.is_dir():
            return MISSING
    except (OSError, ValueError, RuntimeError):  # a name that no folder can have, or links in a circle
        return MISSING
    return "" if os.access(path, os.R_OK | os.X_OK) else UNREADABLE


def _why(error: Exception) -> str:
    mark = getattr(error.__cause__, "problem_mark", None)
    if mark is not None:
        return f"It is not valid YAML at line {mark.line + 1}. Correct that line."
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError) and error.__cause__ is None:
        return str(error)
    return "It cannot be read. Save it as YAML in UTF-8, and allow the studio to read it."
