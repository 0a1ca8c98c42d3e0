"""The YAML files that come with the studio or are written by its owner, read fast."""

from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, ten times as fast as Python's; some systems have PyYAML without it."""


def read_yaml(path: Path) -> Any:
    """What a file holds. Raises ValueError where it is not YAML, and OSError."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
