"""A catalog entry: everything the studio knows about a model before it is loaded."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.wire import Lane

Runtime = Literal["torch", "onnx", "ncnn", "llama", "ollama", "hub"]

LANES: dict[Runtime, Lane] = {
    "torch": "device",
    "onnx": "cpu",
    "ncnn": "cpu",
    "llama": "talk",
    "ollama": "net",
    "hub": "fetch",
}


class Part(BaseModel):
    """A component's weights: a subfolder of a repository at a revision, or a file of the starter pack.

    ``repo`` is a Hugging Face name, a local folder, or ``starter:<name>``. Entries that name the same part
    share it in memory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    subfolder: str = ""
    revision: str = "main"
    file: str = ""


class Choice(BaseModel):
    """A legal value of a request field, and how a person is told about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str | int | float
    label: str
    help: str = ""


class Licence(BaseModel):
    """Under what terms the weights may be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    commercial: bool
    url: str = ""


class Entry(BaseModel):
    """One model: what it is for, what it is made of, what it needs, what it may be asked.

    ``tasks`` are the request tasks it serves, ``best_for`` those it is the first choice for; ``pipeline`` its class,
    as ``module:Name``; ``choices`` the legal values of fields that differ by model; ``bounds`` narrows numeric fields
    as (low, high, multiple_of);
    ``defaults`` replaces a request's defaults; ``memory`` is bytes by precision; ``rate`` is seconds a unit of
    work on two processor cores until this machine has learned its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    name: str
    use: str
    tasks: tuple[str, ...]
    best_for: tuple[str, ...] = ()
    runtime: Runtime
    pipeline: str
    parts: dict[str, Part]
    licence: Licence
    gated: bool = False
    starter: bool = False
    hidden: bool = False
    download_bytes: int = 0
    memory: dict[str, int] = {}
    defaults: dict[str, Any] = {}
    choices: dict[str, tuple[Choice, ...]] = {}
    bounds: dict[str, tuple[float, float, float]] = {}
    guidance: Literal["none", "cfg", "true_cfg", "embedded"] = "none"
    lora_family: str | None = None
    twin: str | None = None
    verified: Literal["weights", "starter", "twin", "import"]
    options: dict[str, Any] = {}
    load_seconds: float = 1.0
    rate: float = 1.0

    @property
    def lane(self) -> Lane:
        """The lane its jobs wait in."""
        return LANES[self.runtime]


Resolved = dict[str, Path]
