"""Facts about the real repositories: one YAML file each, ``facts/<owner>/<name>.yaml``, in the folder of the model
family, otherwise here."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.catalog.family_folders import family_folders
from engines.hub.client import HubFile, Repo
from yaml_files import read_yaml

ELEMENT_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_SMALL_BYTES = 2000
"""The approximate size of a small file; it is negligible compared with weights."""


class Part(BaseModel):
    """A folder of a repository, without its subfolders, or a single weights file.

    ``files`` are its small files. Weights are named by their ``stem`` and split into ``shards`` files (with an index if
    there are several), in one ``variant`` or none; ``bytes`` is their total size. ``config`` holds the values of the
    real config (of a model, scheduler or processor) that the tiny one must also have, ``architecture`` that of a GGUF
    file; ``scale`` is the name of the layer scales in a float8 file, ``mark`` a tensor that identifies the model. The
    tiny weights come from the folder ``source`` of the ``twin`` (by default the folder of the same name in the
    repository's twin); without a twin, it is the GGUF file of a language model.
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
        """The names of its weights files, as the libraries write them."""
        if not self.stem:
            return []
        numbers = [f"-{n:05}-of-{self.shards:05}" for n in range(1, self.shards + 1)] if self.shards > 1 else [""]
        variant = f".{self.variant}" if self.variant else ""
        return [f"{self.stem}{number}{variant}.safetensors" for number in numbers]

    @property
    def index_file(self) -> str:
        """The name of the index of its shards; empty if there is none."""
        variant = f".{self.variant}" if self.variant else ""
        return f"{self.stem}.safetensors.index{variant}.json" if self.shards > 1 else ""


class Facts(BaseModel):
    """A repository of the hub.

    ``parts`` are what models download, by folder (``.`` is the top) or by file; ``extra`` are other files that must not
    be downloaded, with their sizes in bytes. ``unchecked`` lists facts that are likely, but not confirmed on its page.
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
        """The files that a part of a catalog entry should download, with their sizes in bytes."""
        name = "/".join(filter(None, (subfolder, file))) or "."
        if name not in self.parts:
            raise KeyError(f"the facts of {self.repository} do not include {name}")
        return dict(_files(name, self.parts[name]))

    @property
    def listing(self) -> dict[str, int]:
        """Every file with its size in bytes, as the hub lists them."""
        index = {"model_index.json": _SMALL_BYTES} if self.pipeline else {}
        parts = {path: bytes for name, part in self.parts.items() for path, bytes in _files(name, part)}
        return index | parts | self.extra

    def as_repo(self) -> Repo:
        """The listing as the studio's client represents it."""
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
    """Whether a part is a single file, judging by its name."""
    return name.endswith((".safetensors", ".gguf"))


@cache
def facts() -> dict[str, Facts]:
    """The facts of every repository by name."""
    folders = (Path(__file__).parent, *family_folders())
    paths = (path for folder in folders for path in folder.glob("facts/*/*.yaml"))
    read = (Facts.model_validate(read_yaml(path)) for path in paths)
    return {one.repository: one for one in sorted(read, key=lambda one: one.repository)}
