"""The folders of the model families: the subfolders of the package ``engines.families``."""

from functools import cache
from importlib import import_module
from pathlib import Path

PACKAGE = "engines.families"
"""The package that family modules are imported from. Folders added to its ``__path__`` contain families too."""


def family_folders() -> tuple[Path, ...]:
    """Return the folder of every family, sorted by name."""
    return _below(tuple(import_module(PACKAGE).__path__))


@cache
def _below(roots: tuple[str, ...]) -> tuple[Path, ...]:
    """The families are part of the program: they do not change while it runs."""
    paths = [path for root in roots for path in Path(root).iterdir()]
    folders = [path for path in paths if path.is_dir() and not path.name.startswith(("_", "."))]
    return tuple(sorted(folders, key=lambda path: path.name))
