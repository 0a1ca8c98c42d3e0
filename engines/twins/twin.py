"""A twin: how it is built, and how its entry differs from the large model's."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple


class Twin(NamedTuple):
    """``save`` builds it deterministically and saves it into a folder like the real model on the hub. ``changes`` are
    the entry fields that differ from the large model's."""

    save: Callable[[Path], None]
    changes: Mapping[str, Any] = MappingProxyType({})


SMALL: Mapping[str, Any] = {
    "pixels": 128 * 128,
    "defaults": {"width": 128, "height": 128},
    "bounds": {"width": (64, 1024, 16), "height": (64, 1024, 16)},
}
"""Changes for twins of large models: small pictures, to be quick."""
SMALLEST: Mapping[str, Any] = {
    "pixels": 64 * 64,
    "defaults": {"width": 64, "height": 64},
    "task_defaults": {"create_image": {"width": 64, "height": 64}},
    "bounds": {"width": (64, 1024, 32), "height": (64, 1024, 32)},
}
"""Changes for models that mainly process reference pictures."""
SHORT: Mapping[str, Any] = {
    "pixels": 64 * 64,
    "defaults": {"width": 64, "height": 64, "seconds": 0.5, "steps": 3},
    "bounds": {"width": (64, 256, 32), "height": (64, 256, 32)},
}
"""Changes for models that generate clips."""
