"""YAML: files that come with the studio or are written by its owner, read fast; those of other programs, with care."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, ten times as fast as Python's; some systems have PyYAML without it."""


class _Careful(yaml.SafeLoader):
    """Python's parser: libyaml's ends the process on deep nesting. No merges: a few lines of them fill any memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave a merge (``<<``) where it is: it has no constructor, so that it is refused."""


def read_yaml(path: Path) -> Any:
    """What a file holds. Raises ValueError where it is not YAML, and OSError."""
    return _load(path, _LOADER)


def read_foreign_yaml(path: Path) -> Any:
    """What a file of another program holds; bound its size first.

    Raises ValueError where it is not YAML, merges with ``<<`` or nests too deeply; OSError.
    """
    try:
        return _load(path, _Careful)
    except RecursionError as error:
        raise ValueError("It nests too deeply.") from error


def _load(path: Path, loader: Any) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
