"""A catalog entry: everything the studio knows about a model before it is loaded."""

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.wire import Lane
from errors import StudioError

SERVED = "ollama:"
"""What the ids of a language server's models begin with; its own name follows."""

EVERY = "every"
"""What an entry helps that helps models of any family."""

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

    ``repo`` is a Hugging Face name, a local folder, ``starter:<name>`` of the starter pack, or ``assets:<name>`` that
    comes with the studio itself. Entries that name the same part share it in memory. ``allow`` narrows what is fetched
    of a folder to names that match one of its patterns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    subfolder: str = ""
    revision: str = "main"
    file: str = ""
    allow: tuple[str, ...] = ()


class Smaller(Part):
    """A file of what paints in an entry, in fewer bits: GGUF, or safetensors in float8; ``bytes`` is its size."""

    bytes: int


class Choice(BaseModel):
    """A legal value of a request field, and how a person is told about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str | int | float
    label: str
    help: str = ""


Quality = Literal["draft", "good", "best"]


class Licence(BaseModel):
    """Under what terms the weights may be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    commercial: bool
    url: str = ""


class Entry(BaseModel):
    """One model: what it is for, what it is made of, what it needs, what it may be asked.

    ``tasks`` are the request tasks it serves, ``best_for`` those it is the first choice for, ``best_on_card`` those it
    is before all others where there is a graphics card; ``pipeline`` its class, as ``module:Name``; ``choices`` the
    legal values of fields that differ by model; ``bounds`` narrows numeric fields as (low, high, multiple_of);
    ``aliases`` are names (or the first ten digits of a file's sha256) that other programs write into pictures;
    ``sketch`` says that it is good for trying alone, so that any other installed model goes first;
    ``gated_repos`` names the repositories whose terms must be accepted, where that is not the first of its own alone;
    ``sets`` are the install sets it belongs to; ``defaults`` replaces a request's defaults, and ``task_defaults`` those
    of one task; ``memory`` is bytes by precision, ``part_memory`` those of each part in the
    first of them; ``smaller`` are smaller versions by their name (``Q4_K_S``), each of which the catalog makes an entry
    of that is ``smaller_of`` this one; ``rate`` is seconds a unit of work on two processor cores until this
    machine has learned its own, ``gpu_seconds_per_unit`` those on a graphics card with 24 GB (an RTX 4090).

    Of models that draw: ``quality`` says which fields make a draft, a good and the best picture; ``pixels`` is the area
    at which it is best, in px, and ``most_pixels`` that above which it repeats what it draws; ``references`` how many
    pictures it can go by, ``needs_references`` that it makes no new one without; ``controls`` which structures it can
    keep; ``good_at`` what it is chosen for when nobody chooses; ``instead`` the nearest model that may be used for
    clients where this one may not.

    A model that only helps others names the LoRA family that it ``helps``, or ``every``, and its ``role`` there
    (``control.depth``, ``ip_adapter``, ``structure.depth``, …; ``control`` where it keeps all of its ``controls``); it
    has no tasks of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: str = Field(pattern=r"^([a-z0-9][a-z0-9._-]*|ollama:\S{1,190})$")
    name: str
    aliases: tuple[str, ...] = ()
    use: str
    tasks: tuple[str, ...]
    best_for: tuple[str, ...] = ()
    best_on_card: tuple[str, ...] = ()
    runtime: Runtime
    pipeline: str
    parts: dict[str, Part]
    licence: Licence
    gated: bool = False
    gated_repos: tuple[str, ...] = ()
    starter: bool = False
    sketch: bool = False
    hidden: bool = False
    sets: tuple[str, ...] = ()
    download_bytes: int = 0
    memory: dict[str, int] = {}
    part_memory: dict[str, int] = {}
    smaller: dict[str, Smaller] = {}
    smaller_of: str = ""
    defaults: dict[str, Any] = {}
    task_defaults: dict[str, dict[str, Any]] = {}
    quality: dict[Quality, dict[str, Any]] = {}
    pixels: int = 0
    most_pixels: int = 0
    references: int = 0
    needs_references: bool = False
    controls: tuple[str, ...] = ()
    good_at: tuple[str, ...] = ()
    instead: str = ""
    helps: str = ""
    role: str = ""
    choices: dict[str, tuple[Choice, ...]] = {}
    bounds: dict[str, tuple[float, float, float]] = {}
    guidance: Literal["none", "cfg", "true_cfg", "embedded"] = "none"
    lora_family: str | None = None
    twin: str | None = None
    verified: Literal["weights", "starter", "twin", "import"]
    options: dict[str, Any] = {}
    load_seconds: float = 1.0
    rate: float = 1.0
    gpu_seconds_per_unit: float | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """What it helps others with: ``control.depth``, …; nothing where it helps nobody."""
        if self.role == "control":
            return tuple(f"control.{kind}" for kind in self.controls)
        return (self.role,) if self.role else ()

    def preference(self, task: str, on_card: bool) -> int:
        """0 where it is made for a task on this kind of machine, 1 where it is on others, 2 where it can do it."""
        if on_card and task in self.best_on_card:
            return 0
        return 1 if task in self.best_for else 2

    @property
    def lane(self) -> Lane:
        """The lane its jobs wait in."""
        return LANES[self.runtime]


_MODEL_NAME = re.compile(r"[^\s\ud800-\udfff]{1,190}")


def is_model_name(name: str) -> bool:
    """Whether the studio can use a language server's model of this name."""
    return _MODEL_NAME.fullmatch(name) is not None


def served(id: str, **known: Any) -> Entry:
    """The entry of a language server's model; ``known`` is what more is known of it.

    Raises StudioError ``unknown_model`` (422) for what is no name of a model.
    """
    name = id.removeprefix(SERVED)
    if not is_model_name(name):
        raise StudioError(
            "unknown_model",
            f"“{name[:60]}” is no name of a model.",
            "A name of Ollama's has at most 190 characters and no spaces.",
            "Copy it from Ollama's library, such as qwen3:8b.",
            status=422,
        )
    plain = {
        "id": id,
        "name": name,
        "use": "Writes, on your Ollama.",
        "tasks": ("write",),
        "runtime": "ollama",
        "pipeline": "engines.language.ollama:write",
        "parts": {},
        "licence": Licence(name="as its maker says", commercial=False),
        "verified": "import",
        "rate": 0.05,
    }
    return Entry(**{**plain, **known})


Resolved = dict[str, Path]
