"""What the real repositories hold, as far as it is known: one YAML file for each, in ``facts/<owner>/<name>.yaml``."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.hub.client import HubFile, Repo
from yaml_files import read_yaml

FOLDER = Path(__file__).parent / "facts"
ELEMENT_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_SMALL_BYTES = 2000
"""About what a small file takes; none of them counts beside weights."""


class Part(BaseModel):
    """A folder of a repository, without what lies below it, or a single file of weights.

    ``files`` are its small files. Weights are named by their ``stem`` and lie in ``shards`` files (with an index where
    there are several), in one ``variant`` or none; ``bytes`` is what they take together. ``config`` is what the real
    config (of a model, scheduler or processor) says that the tiny one must say too, ``architecture`` what a GGUF file
    says it is; ``scale`` is what a float8 file calls the scales of its layers, ``mark`` a tensor that says which model
    it is. The tiny weights come from the folder ``source`` of the ``twin`` (by default the folder of the same name
    in the repository's twin); where there is no twin, it is the GGUF file of a model that writes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[str, ...] = ()
    stem: Literal["model", "diffusion_pytorch_model", ""] = ""
    dtype: Literal["float32", "float16", "bfloat16", "float8_e4m3fn"] | None = None
    bytes: int = 0
    shards: int = 1
    variant: str = ""
    config: dict[str, Any] = {}
    architecture: str = ""
    scale: str = ""
    mark: str = ""
    twin: str = ""
    source: str | None = None

    @property
    def weight_files(self) -> list[str]:
        """The names of its weights, as the libraries write them."""
        if not self.stem:
            return []
        numbers = [f"-{n:05}-of-{self.shards:05}" for n in range(1, self.shards + 1)] if self.shards > 1 else [""]
        variant = f".{self.variant}" if self.variant else ""
        return [f"{self.stem}{number}{variant}.safetensors" for number in numbers]

    @property
    def index_file(self) -> str:
        """The name of the index of its shards; empty where there is none."""
        variant = f".{self.variant}" if self.variant else ""
        return f"{self.stem}.safetensors.index{variant}.json" if self.shards > 1 else ""


class Facts(BaseModel):
    """A repository of the hub.

    ``parts`` are what models fetch of it, by folder (``.`` is the top) or by file; ``extra`` are files beside them
    that nobody may fetch, with their bytes. ``unchecked`` names what is likely, but was not seen on its page.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str
    commit: str = Field("", pattern=r"^([0-9a-f]{40})?$")
    twin: str
    gated: bool = False
    pipeline: str = ""
    parts: dict[str, Part]
    extra: dict[str, int] = {}
    unchecked: tuple[str, ...] = ()

    def wanted(self, subfolder: str, file: str = "") -> dict[str, int]:
        """The files that a part of a catalog entry is to fetch, and their bytes."""
        name = "/".join(filter(None, (subfolder, file))) or "."
        if name not in self.parts:
            raise KeyError(f"the facts of {self.repository} say nothing of {name}")
        return dict(_files(name, self.parts[name]))

    @property
    def listing(self) -> dict[str, int]:
        """Every file and its bytes, as the hub lists them."""
        index = {"model_index.json": _SMALL_BYTES} if self.pipeline else {}
        parts = {path: bytes for name, part in self.parts.items() for path, bytes in _files(name, part)}
        return index | parts | self.extra

    def as_repo(self) -> Repo:
        """What the studio's client makes of the listing."""
        files = (HubFile(path=path, size=bytes, etag="0" * 40) for path, bytes in self.listing.items())
        return Repo(name=self.repository, commit=self.commit or "0" * 40, files=tuple(files), gated=self.gated)


def _files(name: str, part: Part) -> Iterator[tuple[str, int]]:
    if is_file(name):
        yield name, part.bytes
        return
    folder = "" if name == "." else f"{name}/"
    small = (*part.files, part.index_file) if part.index_file else part.files
    yield from ((f"{folder}{file}", _SMALL_BYTES) for file in small)
    yield from ((f"{folder}{file}", part.bytes // part.shards) for file in part.weight_files)


def is_file(name: str) -> bool:
    """Whether the name of a part is that of a single file."""
    return name.endswith((".safetensors", ".gguf"))


@cache
def facts() -> dict[str, Facts]:
    """The facts of every repository by its name."""
    read = (Facts.model_validate(read_yaml(path)) for path in sorted(FOLDER.glob("*/*.yaml")))
    return {one.repository: one for one in read}
