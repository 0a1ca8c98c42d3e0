"""Detect what a model file is from its header alone; no code in it is ever run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.loras import compatibility
from engines.weights import gguf_header, sizes
from engines.weights.detect_rules import DetectRule, Kind, table
from errors import StudioError

PICKLED = (".ckpt", ".pt", ".pth", ".bin")
SUFFIXES = (".safetensors", ".gguf", *PICKLED)
_LONGEST = 200
"""The most characters used of a file's own name."""
_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.", "model.")
"""Prefixes that other programs add to tensor names."""


class DetectedModel(BaseModel):
    """What a file is. ``like`` is the catalog entry to model its entry on, if it is supported. ``writes`` says that it
    is a language model for llama.cpp. ``why`` says what prevents its use.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    family: str = ""
    like: str = ""
    configs: str = ""
    writes: bool = False
    why: str = ""

    @property
    def usable(self) -> bool:
        """Whether an entry can be created for it."""
        return bool(self.like) or self.writes

    @property
    def words(self) -> str:
        """What it is, for people: “SDXL checkpoint”."""
        return f"{self.family} {self.kind}".strip() if self.kind != "unknown" else "not recognized"


def detect(path: Path) -> DetectedModel:
    """Return what a file is. Raises OSError if it cannot be read, but nothing because of its contents."""
    if path.suffix.lower() in PICKLED:
        why = "A pickle can run programs when it is opened: use this model in safetensors format."
        return DetectedModel(kind="unknown", why=why)
    try:
        if path.suffix.lower() == ".gguf":
            return _of_gguf(*gguf_header.read(path), path.stem.lower())
        return _of_tensors(sizes.header(path))
    except StudioError as error:
        return DetectedModel(kind="unknown", why=error.problem.why or error.problem.what)


def _of_gguf(known: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], name: str) -> DetectedModel:
    architecture = str(known.get("general.architecture", ""))
    for rule in table().packed.get(architecture, ()):
        if rule.named in name and _holds(rule, shapes):
            why = "" if rule.like else f"The studio does not support {rule.family} in GGUF files."
            return DetectedModel(kind=rule.kind, family=rule.family, like=rule.like, configs=rule.configs, why=why)
    if architecture in table().gguf:
        family = table().gguf[architecture]
        return DetectedModel(
            kind="diffusion model", family=family, why=f"The studio does not support {family} in GGUF files."
        )
    if "tokenizer.ggml.model" in known:
        return DetectedModel(
            kind="language model", family=str(known.get("general.name", architecture))[:_LONGEST], writes=True
        )
    return DetectedModel(kind="unknown", why="It has no vocabulary, so it is not a complete language model.")


def _of_tensors(header: Mapping[str, Any]) -> DetectedModel:
    shapes = {name: tuple(info.get("shape", ())) for name, info in header.items() if name != "__metadata__"}
    if compatibility.belongs(shapes):
        why = "A LoRA changes a model and cannot be used alone: use “Add a LoRA” in a form."
        return DetectedModel(kind="LoRA", why=why)
    bare = {_bare(name): shape for name, shape in shapes.items()} | shapes
    for rule in table().tensors:
        if _holds(rule, bare):
            why = "" if rule.like else rule.why or _cannot(rule)
            return DetectedModel(kind=rule.kind, family=rule.family, like=rule.like, configs=rule.configs, why=why)
    return DetectedModel(kind="unknown", why="Its tensor names match no model that the studio knows.")


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def _holds(rule: DetectRule, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a rule matches tensors with these names and shapes."""
    named = all(_has_names(name, shapes) for name in rule.has) and not any(
        _has_names(name, shapes) for name in rule.without
    )
    return named and all(_shapes_match(shapes.get(name, ()), wanted) for name, wanted in rule.shapes.items())


def _has_names(wanted: str, names: Iterable[str]) -> bool:
    if wanted.startswith("*"):
        return any(name.endswith(wanted[1:]) for name in names)
    if wanted.endswith("*"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return wanted in names


def _shapes_match(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(other in (None, own) for own, other in zip(shape, wanted, strict=True))


def _cannot(rule: DetectRule) -> str:
    if rule.kind == "checkpoint":
        return f"The studio does not support {rule.family} yet."
    return f"A {rule.kind} is part of a model and cannot be used alone."
