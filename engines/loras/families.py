"""Which models a LoRA is for, told by the layers it changes and what its header says: ``families.yaml``."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from yaml_files import read_yaml

OWN = "c41_family"
"""Where a header says outright which family it is."""
_SAID = ("ss_base_model_version", "modelspec.architecture", "base_model", "ss_sd_model_name", "software")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Row):
    """What a family is told by; see the table's head."""

    family: str
    has: tuple[str, ...]
    without: tuple[str, ...] = ()
    widths: tuple[str, tuple[int, ...]] | None = None
    said: tuple[str, ...] = ()
    only_said: bool = False


class Table(_Row):
    """All of it."""

    names: dict[str, str]
    sizes: dict[str, dict[str, tuple[int, ...]]]
    rules: tuple[Rule, ...]


@cache
def table() -> Table:
    """The table, read once."""
    return Table.model_validate(read_yaml(Path(__file__).with_name("families.yaml")))


def name(family: str | None) -> str:
    """What people call a family."""
    return table().names.get(family or "", family or "models that are not known here")


def readable(reads: str | None) -> tuple[str, ...]:
    """The families whose LoRAs a model takes that ``reads`` one: that one, and the whole of which it is a size."""
    wider = (whole for whole, sizes in table().sizes.items() if reads in sizes)
    return (reads, *wider) if reads else ()


def akin(one: str | None, other: str | None) -> bool:
    """Whether two models are of one family, of whatever size."""
    return not set(readable(one)).isdisjoint(readable(other))


def family(modules: Mapping[str, int | None], metadata: Mapping[str, str]) -> str | None:
    """The family of a LoRA by the layers it changes, each with its width; None where none is known."""
    if metadata.get(OWN) in table().names:
        return metadata[OWN]
    said = " ".join(metadata.get(one, "") for one in _SAID).lower()
    fitting = [rule for rule in table().rules if _among(rule.has, modules) and not _among(rule.without, modules)]
    fitting = [rule for rule in fitting if not rule.only_said or any(word in said for word in rule.said)]
    sure = [rule for rule in fitting if rule.widths is None or _wide(rule.widths, modules)]
    confirmed = [rule for rule in fitting if any(word in said for word in rule.said)]
    best = [rule for rule in sure if rule in confirmed] or sure or confirmed
    return _sized(best[0].family, modules) if best else None


def _sized(family: str, modules: Mapping[str, int | None]) -> str:
    """The size of a family that a LoRA is made for; the family itself where it is not told."""
    widths = set(modules.values())
    return next((size for size, own in table().sizes.get(family, {}).items() if widths & set(own)), family)


def _among(patterns: tuple[str, ...], modules: Mapping[str, int | None]) -> bool:
    return any(re.match(pattern, module) for pattern in patterns for module in modules)


def _wide(widths: tuple[str, tuple[int, ...]], modules: Mapping[str, int | None]) -> bool:
    pattern, wanted = widths
    return any(width in wanted and re.match(pattern, module) for module, width in modules.items() if width)
