"""The table that files and repositories are recognised by: ``families.yaml``."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engines.catalog.entry import Licence
from yaml_files import read_yaml

Kind = Literal[
    "checkpoint",
    "diffusion model",
    "LoRA",
    "VAE",
    "text encoder",
    "picture encoder",
    "upscaler",
    "ControlNet",
    "language model",
    "unknown",
]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Family(_Row):
    """A pipeline class: how people call it, and the catalog entry to make others after, where it runs here."""

    family: str
    like: str = ""


class Rule(_Row):
    """How a kind of file is recognised, ``named`` by a part of its name. ``configs`` names the bundled configs that it
    is read with, ``why`` tells what is in the way of using it where that needs words of its own."""

    kind: Kind
    family: str
    has: tuple[str, ...]
    shapes: dict[str, tuple[int | None, ...]] = {}
    named: str = ""
    like: str = ""
    configs: str = ""
    why: str = ""


class Table(_Row):
    """All of it."""

    pipelines: dict[str, Family]
    prefixes: tuple[str, ...]
    tensors: tuple[Rule, ...]
    packed: dict[str, tuple[Rule, ...]]
    gguf: dict[str, str]
    licences: dict[str, tuple[str, bool]]


@cache
def table() -> Table:
    """The table, read once."""
    return Table.model_validate(read_yaml(Path(__file__).with_name("families.yaml")))


def licence(name: str, url: str) -> Licence:
    """A licence as its card names it; what is not known to allow commercial use is taken not to."""
    known = table().licences.get(name.lower())
    if known:
        return Licence(name=known[0], commercial=known[1], url=url)
    return Licence(name=name[:80] or "not stated", commercial=False, url=url)
