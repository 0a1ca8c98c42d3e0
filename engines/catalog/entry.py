"""A catalog entry: everything the studio knows about a model before it is loaded."""

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engines.catalog.acceleration import Acceleration
from engines.catalog.territory import Region
from engines.protocol import Lane
from errors import StudioError

OLLAMA_PREFIX = "ollama:"
"""Prefix of the ids of a language server's models; the server's own name follows."""

EVERY_FAMILY = "every"
"""The value of ``helps`` for entries that help models of any family."""

Runtime = Literal["torch", "onnx", "ncnn", "llama", "ollama", "hub", "ffmpeg"]

LANES: dict[Runtime, Lane] = {
    "torch": "device",
    "onnx": "cpu",
    "ncnn": "cpu",
    "llama": "talk",
    "ollama": "net",
    "hub": "fetch",
    "ffmpeg": "cpu",
}


class Part(BaseModel):
    """A component's weights: a subfolder of a repository at a revision, or a file of the starter pack.

    ``repo`` is a Hugging Face name, a local folder, ``starter:<name>`` for the starter pack, or ``assets:<name>`` for
    files that ship with the studio. Entries with the same part share it in memory. ``allow`` limits the download of a
    folder to names that match one of its patterns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    subfolder: str = ""
    revision: str = "main"
    file: str = ""
    allow: tuple[str, ...] = ()


class Quantization(Part):
    """A quantized denoiser of an entry, as a GGUF or a float8 safetensors file; ``bytes`` is its size."""

    bytes: int


class Choice(BaseModel):
    """An allowed value of a request field, with its label and help."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str | int | float
    label: str
    help: str = ""


Quality = Literal["draft", "good", "best"]


class License(BaseModel):
    """The license of the weights. ``territory`` lists the regions where it does not allow their use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    commercial: bool
    url: str = ""
    territory: tuple[Region, ...] = ()


_LONGEST_SECONDS = 60.0

_OLD_FIELDS = {
    "licence": "license",
    "smaller": "quantizations",
    "smaller_of": "quantization_of",
    "rate": "seconds_per_unit",
    "instead": "commercial_alternative",
    "good_at": "strengths",
}


class Entry(BaseModel):
    """One model: its purpose, its parts, its memory needs and the requests it accepts.

    ``tasks`` are the request tasks it supports, ``best_for`` those it is the first choice for, ``best_on_card`` those
    it is the first choice for on a GPU. ``pipeline`` is its class, as ``module:Name``. ``choices`` are the allowed
    values of fields that differ by model; ``bounds`` narrows numeric fields as (low, high, multiple_of). ``aliases``
    are names (or the first ten digits of a file's sha256) that other programs write into pictures. ``sketch`` says it
    is only good for trying things out, so that any other installed model is preferred. ``gated_repos`` are the
    repositories whose terms must be accepted, if they differ from the first of its own. ``sets`` are the bundles it
    belongs to. ``defaults`` replaces a request's defaults, ``task_defaults`` those of one task. ``memory`` is bytes by
    precision, ``part_memory`` the bytes of each part in the first precision. ``quantizations`` are smaller versions by
    name (``Q4_K_S``); the catalog makes an entry of each, which is ``quantization_of`` this one. ``seconds_per_unit``
    is seconds per unit of work on two CPU cores, used until this computer has measured its own;
    ``gpu_seconds_per_unit`` is the same for a 24 GB GPU (an RTX 4090).

    ``level`` is the quality that a model stands for where the levels are different models, as for enlarging.

    For models that generate pictures: ``quality`` says which fields make a draft, a good and the best picture.
    ``pixels`` is the area in px that it is best at; above ``most_pixels`` it repeats its subject. ``references`` is the
    number of reference pictures it can use; ``needs_references`` says that it cannot generate without one.
    ``last_frame`` says that its clips can end on a given picture, ``sound`` that they have sound, ``takes_prompt`` that
    it reads a prompt. ``controls`` are the structures it can keep.
    ``strengths`` are the subjects it is chosen for automatically.
    ``commercial_alternative`` is the most similar model with commercial use, if this one has none. ``acceleration``
    makes it faster.

    A model that only helps others sets ``helps`` to their LoRA family, or ``every``, and ``role`` to what it does for
    them (``control.depth``, ``ip_adapter``, ``structure.depth``, …; ``control`` if it covers all of its ``controls``).
    It has no tasks of its own.
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
    license: License
    gated: bool = False
    gated_repos: tuple[str, ...] = ()
    starter: bool = False
    sketch: bool = False
    hidden: bool = False
    sets: tuple[str, ...] = ()
    download_bytes: int = 0
    memory: dict[str, int] = {}
    part_memory: dict[str, int] = {}
    quantizations: dict[str, Quantization] = {}
    quantization_of: str = ""
    defaults: dict[str, Any] = {}
    task_defaults: dict[str, dict[str, Any]] = {}
    quality: dict[Quality, dict[str, Any]] = {}
    level: Quality | None = None
    pixels: int = 0
    most_pixels: int = 0
    references: int = 0
    needs_references: bool = False
    last_frame: bool = False
    sound: bool = False
    takes_prompt: bool = True
    controls: tuple[str, ...] = ()
    strengths: tuple[str, ...] = ()
    commercial_alternative: str = ""
    helps: str = ""
    role: str = ""
    choices: dict[str, tuple[Choice, ...]] = {}
    bounds: dict[str, tuple[float, float, float]] = {}
    guidance: Literal["none", "cfg", "true_cfg", "embedded"] = "none"
    lora_family: str | None = None
    twin: str | None = None
    verified: Literal["weights", "starter", "twin", "import"]
    options: dict[str, Any] = {}
    acceleration: Acceleration = Acceleration()
    load_seconds: float = 1.0
    seconds_per_unit: float = 1.0
    gpu_seconds_per_unit: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_old_fields(cls, data: Any) -> Any:
        """Read an entry that was written with the field names of earlier versions."""
        if not isinstance(data, dict):
            return data
        return {_OLD_FIELDS.get(name, name): value for name, value in data.items()}

    @model_validator(mode="before")
    @classmethod
    def _what_animates_continues(cls, data: Any) -> Any:
        """A model that animates a picture can continue a clip from its last frame."""
        if not isinstance(data, dict) or data.get("runtime") != "torch":
            return data
        lists = {name: tuple(data.get(name, ())) for name in ("tasks", "best_for", "best_on_card")}
        more = {name: (*tasks, "continue_clip") for name, tasks in lists.items() if _animates_only(tasks)}
        return {**data, **more}

    @property
    def longest(self) -> float:
        """The duration of the longest clip in seconds: one that can be continued may be made in parts."""
        bounds = self.bounds.get("seconds")
        return _LONGEST_SECONDS if bounds is None or "continue_clip" in self.tasks else bounds[1]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles it helps others in: ``control.depth``, …; empty if it helps no other model."""
        if self.role == "control":
            return tuple(f"control.{kind}" for kind in self.controls)
        return (self.role,) if self.role else ()

    def preference(self, task: str, on_card: bool) -> int:
        """Return 0 if it is the first choice for a task on this device, 1 if on others, 2 if it merely supports it."""
        if on_card and task in self.best_on_card:
            return 0
        return 1 if task in self.best_for else 2

    @property
    def lane(self) -> Lane:
        """The lane its jobs run in."""
        return LANES[self.runtime]


def _animates_only(tasks: tuple[str, ...]) -> bool:
    return "animate_image" in tasks and "continue_clip" not in tasks


_MODEL_NAME = re.compile(r"[^\s\ud800-\udfff]{1,190}")


def is_model_name(name: str) -> bool:
    """Whether the studio can use a language server's model with this name."""
    return _MODEL_NAME.fullmatch(name) is not None


def ollama_entry(id: str, **known: Any) -> Entry:
    """Return the entry of a language server's model; ``known`` sets further fields.

    Raises StudioError ``unknown_model`` (422) for an invalid model name.
    """
    name = id.removeprefix(OLLAMA_PREFIX)
    if not is_model_name(name):
        raise StudioError(
            "unknown_model",
            f"“{name[:60]}” is not a model name.",
            "Ollama model names have at most 190 characters and no spaces.",
            "Copy the name from Ollama's library, such as qwen3:8b.",
            status=422,
        )
    plain = {
        "id": id,
        "name": name,
        "use": "Writes with your Ollama.",
        "tasks": ("write",),
        "runtime": "ollama",
        "pipeline": "engines.language.ollama:write",
        "parts": {},
        "license": License(name="see its maker's terms", commercial=False),
        "verified": "import",
        "seconds_per_unit": 0.05,
    }
    return Entry(**{**plain, **known})


Resolved = dict[str, Path]
