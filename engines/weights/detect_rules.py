"""The rules that recognize files and repositories: the ``detect.yaml`` of each family, then that of this folder."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from engines.catalog.entry import License
from engines.catalog.family_folders import family_folders
from yaml_files import read_yaml

_HERE = Path(__file__).parent

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


class PipelineClass(_Row):
    """A pipeline class: the ``_class_name`` in a repository's ``model_index.json``.

    ``family`` is its display name. ``family_class`` is the class that runs it, in the folder's ``family.py`` or as
    ``module:Name``; empty if the studio does not support it. Entries for its repositories are modeled on the catalog
    entry ``like``; ``like_with`` maps options that are set in ``model_index.json`` to other entries.
    """

    family: str
    family_class: str = ""
    like: str = ""
    like_with: dict[str, str] = {}

    def like_of(self, index: Mapping[str, Any]) -> str:
        """Return the entry to model a repository with this ``model_index.json`` on; empty if it is not supported."""
        return next((entry for option, entry in self.like_with.items() if index.get(option)), self.like)


class DetectRule(_Row):
    """How a kind of file is recognized: its tensor names include all of ``has`` and none of ``without``, and its file
    name contains ``named``.

    A name ending in * matches any tensor with that prefix, a name starting with * any with that suffix. In ``shapes``,
    only the given dimensions are compared. The file's entry is modeled on the catalog entry ``like``; without one,
    ``why`` says what prevents its use, if that needs its own text. ``configs`` names the bundled configs to load it
    with.
    """

    kind: Kind
    family: str
    has: tuple[str, ...]
    without: tuple[str, ...] = ()
    shapes: dict[str, tuple[int | None, ...]] = {}
    named: str = ""
    like: str = ""
    configs: str = ""
    why: str = ""


class DetectTable(_Row):
    """The rules of one folder, or of all folders.

    The first matching rule of ``tensors`` determines what a safetensors file is; for a GGUF file, the first matching
    rule of ``packed`` for its ``general.architecture``. ``gguf`` names other architectures that are not language
    models.
    """

    pipelines: dict[str, PipelineClass] = {}
    tensors: tuple[DetectRule, ...] = ()
    packed: dict[str, tuple[DetectRule, ...]] = {}
    gguf: dict[str, str] = {}


def table() -> DetectTable:
    """Return all rules. A family's rules keep the order of its file; rules of two families never match the same
    file."""
    return _all_rules((*family_folders(), _HERE))


@cache
def _all_rules(folders: tuple[Path, ...]) -> DetectTable:
    each = [folder_table(folder) for folder in folders]
    return DetectTable(
        pipelines={name: row for one in each for name, row in one.pipelines.items()},
        tensors=tuple(rule for one in each for rule in one.tensors),
        packed={name: rules for one in each for name, rules in one.packed.items()},
        gguf={name: family for one in each for name, family in one.gguf.items()},
    )


@cache
def folder_table(folder: Path) -> DetectTable:
    """Return the rules of one folder; empty if it has no ``detect.yaml``."""
    path = folder / "detect.yaml"
    return DetectTable.model_validate(read_yaml(path)) if path.is_file() else DetectTable()


@cache
def _licenses() -> dict[str, tuple[str, bool]]:
    return {name: tuple(row) for name, row in read_yaml(_HERE / "licenses.yaml").items()}


def license(name: str, url: str) -> License:
    """Return the license for the name on a model card. Commercial use is False unless known to be allowed."""
    known = _licenses().get(name.lower())
    if known:
        return License(name=known[0], commercial=known[1], url=url)
    return License(name=name[:80] or "not stated", commercial=False, url=url)
