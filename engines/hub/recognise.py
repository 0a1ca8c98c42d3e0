"""What a model file is, from its header alone: nothing in it is ever run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from engines.hub.families import Kind, Rule, table
from engines.language import gguf
from engines.loras import obstacles
from engines.swapper import sizes
from errors import StudioError

PICKLED = (".ckpt", ".pt", ".pth", ".bin")
SUFFIXES = (".safetensors", ".gguf", *PICKLED)
_LONGEST = 200
"""Letters of a name that a file gives itself."""


class Found(BaseModel):
    """What a file is. ``like`` is the catalog entry that one for it can be made after, where it can be run here;
    ``writes`` says that it is a language model for llama.cpp. ``why`` tells what is in the way.
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
        """Whether an entry can be made for it."""
        return bool(self.like) or self.writes

    @property
    def words(self) -> str:
        """What it is, as a person would say it: “SDXL checkpoint”."""
        return f"{self.family} {self.kind}".strip() if self.kind != "unknown" else "not recognised"


def recognise(path: Path) -> Found:
    """What a file is. Never raises for what is in it; OSError where it cannot be read."""
    if path.suffix.lower() in PICKLED:
        why = "A pickle can run programs when it is opened: take this model as safetensors."
        return Found(kind="unknown", why=why)
    try:
        if path.suffix.lower() == ".gguf":
            return _of_gguf(*gguf.read(path), path.stem.lower())
        return _of_tensors(sizes.header(path))
    except StudioError as error:
        return Found(kind="unknown", why=error.problem.why or error.problem.what)


def _of_gguf(known: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], name: str) -> Found:
    architecture = str(known.get("general.architecture", ""))
    for rule in table().packed.get(architecture, ()):
        if rule.named in name and all(_there(one, shapes) for one in rule.has) and _shaped(rule, shapes):
            why = "" if rule.like else f"The studio does not run {rule.family} from GGUF files."
            return Found(kind=rule.kind, family=rule.family, like=rule.like, configs=rule.configs, why=why)
    if architecture in table().gguf:
        family = table().gguf[architecture]
        return Found(kind="diffusion model", family=family, why=f"The studio does not run {family} from GGUF files.")
    if "tokenizer.ggml.model" in known:
        return Found(kind="language model", family=str(known.get("general.name", architecture))[:_LONGEST], writes=True)
    return Found(kind="unknown", why="It has no vocabulary, so that it is no language model of its own.")


def _of_tensors(header: Mapping[str, Any]) -> Found:
    shapes = {name: tuple(info.get("shape", ())) for name, info in header.items() if name != "__metadata__"}
    if obstacles.belongs(shapes):
        return Found(kind="LoRA", why="A LoRA changes a model and makes nothing by itself: add it under “LoRAs”.")
    bare = {_bare(name): shape for name, shape in shapes.items()} | shapes
    for rule in table().tensors:
        if all(_there(name, bare) for name in rule.has) and _shaped(rule, bare):
            why = "" if rule.like else rule.why or _cannot(rule)
            return Found(kind=rule.kind, family=rule.family, like=rule.like, configs=rule.configs, why=why)
    return Found(kind="unknown", why="Its parts are named like those of no model the studio knows.")


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in table().prefixes if name.startswith(prefix)), name)


def _there(wanted: str, names: Iterable[str]) -> bool:
    if wanted.startswith("*"):
        return any(name.endswith(wanted[1:]) for name in names)
    if wanted.endswith("*"):
        return any(name.startswith(wanted[:-1]) for name in names)
    return wanted in names


def _shaped(rule: Rule, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return all(_alike(shapes.get(name, ()), wanted) for name, wanted in rule.shapes.items())


def _alike(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(other in (None, own) for own, other in zip(shape, wanted, strict=True))


def _cannot(rule: Rule) -> str:
    if rule.kind == "checkpoint":
        return f"The studio cannot run {rule.family} yet."
    return f"A {rule.kind} is a part of a model: it makes nothing by itself."
