"""How programs call the parts of a LoRA, and what a part changes."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_PEFT = "base_model.model."
"""What a plain adapter of peft puts before every name."""
_ENDINGS = re.compile(
    r"[._](lora_(?:down|up|mid)\.weight|lora_[AB](?:\.\w+)?\.(?:weight|bias)|lora\.(?:down|up)\.weight|"
    r"lora[12]\.(?:down|up)\.weight|lora_magnitude_vector(?:\.\w+)?|alpha|dora_scale|diff|diff_b|diff_m|"
    r"hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|b?oft_\w{1,40})$"
)
_PREFIXES = (
    "lora_unet_",
    "lora_transformer_",
    "lycoris_",
    "model.diffusion_model.",
    "diffusion_model.",
    "transformer.",
    "unet.",
)
_ENCODER = re.compile(r"^(lora_te\d?_|lora_te_|text_encoders?(_\d)?\.|te\d?\.|text_model\.|conditioner\.)")
_DOWN = ("lora_down.weight", "lora_A.weight", "lora.down.weight", "lora1.down.weight", "lora2.down.weight")
_HALVES = {
    **dict.fromkeys(("lora_down.weight", "lora_A.weight", "lora.down.weight"), "lora_A.weight"),
    **dict.fromkeys(("lora_up.weight", "lora_B.weight", "lora.up.weight"), "lora_B.weight"),
    "alpha": "",
}


class Part(NamedTuple):
    """What a tensor of a LoRA belongs to: ``module`` is the changed layer, with _ for every dot, so that it is the same
    in all layouts; ``ending`` what it is to that layer; ``encoder`` says that it changes how words are read.
    """

    module: str
    ending: str
    encoder: bool


def part(name: str) -> Part | None:
    """What a tensor belongs to by its name; None for one that is no part of a LoRA."""
    name = name.removeprefix(_PEFT)
    found = _ENDINGS.search(name)
    if found is None:
        return None
    ending = re.sub(r"(lora_[AB])\.\w+\.(weight|bias)$", r"\1.\2", found[1])
    stem = name[: found.start()]
    if _ENCODER.match(stem):
        return Part(stem.replace(".", "_"), ending, True)
    while prefix := next((one for one in _PREFIXES if stem.startswith(one)), ""):
        stem = stem.removeprefix(prefix)
    return Part(stem.replace(".", "_"), ending, False)


class Named(NamedTuple):
    """A layer by its own name, with dots, and which ``half`` of its change a tensor is, as peft calls it.

    ``half`` is empty for what scales the change.
    """

    layer: str
    half: str


def named(name: str) -> Named | None:
    """The layer that a tensor changes, where its name is written with dots; None where it cannot be told.

    What is no pair of matrices (a bias, a norm) is left to the reader of its layout.
    """
    found = _ENDINGS.search(name)
    half = _HALVES.get(found[1]) if found else None
    if found is None or half is None:
        return None
    stem = name[: found.start()]
    prefix = next((one for one in _PREFIXES if one.endswith(".") and stem.startswith(one)), "")
    return Named(stem.removeprefix(prefix), half)


def is_down(part: Part) -> bool:
    """Whether a tensor is the first of a pair: (rank, width of what goes in)."""
    return part.ending in _DOWN


def layout(names: Iterable[str]) -> str:
    """In whose manner the parts are called, in words."""
    names = list(names)
    text = "\n".join(names)
    if any(one in text for one in (".lokr_w", ".hada_w", ".oft_", ".boft_")):
        return "LyCORIS"
    if "processor.qkv_lora1" in text or "processor.proj_lora1" in text:
        return "XLabs"
    if any(name.startswith(("lora_unet_", "lora_te", "lora_transformer_")) for name in names):
        return "kohya"
    if any(name.startswith("diffusion_model.") for name in names):
        return "ComfyUI"
    if any(name.startswith(("transformer.", "unet.", "text_encoder")) for name in names):
        return "diffusers"
    return "peft" if any(name.startswith(_PEFT) for name in names) else "bare"


def halves(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names of what changes the painting, and of what changes the reading."""
    painting: list[str] = []
    reading: list[str] = []
    for name in names:
        known = part(name)
        if known is not None:
            (reading if known.encoder else painting).append(name)
    return painting, reading


def modules(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int | None]:
    """The layers that a LoRA changes in what paints, each with the width of what goes in, where that is told."""
    found: dict[str, int | None] = {}
    for name, shape in shapes.items():
        known = part(name)
        if known is None or known.encoder:
            continue
        width = shape[1] if is_down(known) and len(shape) > 1 else None
        found[known.module] = width or found.get(known.module)
    return found
