"""Detect the model family of a LoRA from its layers and its header, with the rules in ``families.yaml``."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from yaml_files import read_yaml

OWN = "c41_family"
"""Header key that names the family explicitly."""
_METADATA_KEYS = ("ss_base_model_version", "modelspec.architecture", "base_model", "ss_sd_model_name", "software")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FamilyRule(_Row):
    """How to recognize a family; see ``families.yaml``."""

    family: str
    has: tuple[str, ...]
    without: tuple[str, ...] = ()
    widths: tuple[str, tuple[int, ...]] | None = None
    said: tuple[str, ...] = ()
    only_said: bool = False


class FamilyTable(_Row):
    """The content of ``families.yaml``."""

    names: dict[str, str]
    sizes: dict[str, dict[str, tuple[int, ...]]]
    rules: tuple[FamilyRule, ...]


@cache
def table() -> FamilyTable:
    """Load the table once."""
    return FamilyTable.model_validate(read_yaml(Path(__file__).with_name("families.yaml")))


def name(family: str | None) -> str:
    """Return the display name of a family."""
    return table().names.get(family or "", family or "unknown models")


def readable(reads: str | None) -> tuple[str, ...]:
    """Return the families whose LoRAs a model of family ``reads`` accepts: its own, and the one it is a size of."""
    wider = (whole for whole, sizes in table().sizes.items() if reads in sizes)
    return (reads, *wider) if reads else ()


def is_compatible(first: str | None, second: str | None) -> bool:
    """Whether two models belong to the same family, whatever their sizes."""
    return not set(readable(first)).isdisjoint(readable(second))


def family(modules: Mapping[str, int | None], metadata: Mapping[str, str]) -> str | None:
    """Return a LoRA's family, given the layers it changes and their widths; None if it is unknown."""
    if metadata.get(OWN) in table().names:
        return metadata[OWN]
    declared = " ".join(metadata.get(one, "") for one in _METADATA_KEYS).lower()
    fitting = [rule for rule in table().rules if _among(rule.has, modules) and not _among(rule.without, modules)]
    fitting = [rule for rule in fitting if not rule.only_said or any(word in declared for word in rule.said)]
    sure = [rule for rule in fitting if rule.widths is None or _wide(rule.widths, modules)]
    confirmed = [rule for rule in fitting if any(word in declared for word in rule.said)]
    best = [rule for rule in sure if rule in confirmed] or sure or confirmed
    return _sized(best[0].family, modules) if best else None


def _sized(family: str, modules: Mapping[str, int | None]) -> str:
    """Return the size of a family that a LoRA is made for, or the family if the size is unknown."""
    widths = set(modules.values())
    return next((size for size, own in table().sizes.get(family, {}).items() if widths & set(own)), family)


def _among(patterns: tuple[str, ...], modules: Mapping[str, int | None]) -> bool:
    return any(re.match(pattern, module) for pattern in patterns for module in modules)


def _wide(widths: tuple[str, tuple[int, ...]], modules: Mapping[str, int | None]) -> bool:
    pattern, wanted = widths
    return any(width in wanted and re.match(pattern, module) for module, width in modules.items() if width)
