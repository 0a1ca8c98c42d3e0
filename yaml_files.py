"""Reads YAML: files of the studio or its owner fast, files of other programs safely."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser is ten times as fast as Python's; some builds of PyYAML lack it."""


class _Careful(yaml.SafeLoader):
    """Python's parser, as libyaml's crashes on deep nesting. Without merges, which can fill the memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave merges (``<<``) unresolved, so that they are refused for lack of a constructor."""


def read_yaml(path: Path) -> Any:
    """Return the content of a file. Raises ValueError if it is not YAML, and OSError."""
    return _load(path, _LOADER)


def read_foreign_yaml(path: Path) -> Any:
    """Return the content of another program's file; limit its size first.

    Raises ValueError if it is not YAML, uses ``<<`` or is nested too deeply, and OSError.
    """
    try:
        return _load(path, _Careful)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def _load(path: Path, loader: Any) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
