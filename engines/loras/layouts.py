"""Parse the tensor names that different programs use for LoRAs."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_PEFT = "base_model.model."
"""Prefix of every name in a plain peft adapter."""
_ENDINGS = re.compile(
    r"[._](lora_(?:down|up|mid)\.weight|lora_[AB](?:\.\w+)?\.(?:weight|bias)|lora\.(?:down|up)\.weight|"
    r"lora[12]\.(?:down|up)\.weight|lora_magnitude_vector(?:\.\w+){0,2}|alpha|scalar|dora_scale|diff|diff_b|diff_m|"
    r"[wb]_norm|hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|b?oft_\w{1,40})$"
)
_PREFIXES = (
    "lora_unet_",
    "lora_unet.",
    "lora_transformer_",
    "lora_transformer.",
    "lycoris_",
    "model.diffusion_model.",
    "diffusion_model.",
    "transformer.",
    "unet.",
)
_ENCODER = re.compile(
    r"^(?:lora_te(?P<kohya>\d?)[._]|te(?P<te>\d?)\.|text_encoder(?:_(?P<diffusers>\d))?\.|"
    r"text_encoders\.(?P<comfy>\w{1,20})\.(?:transformer\.)?|(?=text_model\.)|conditioner\.)"
)
_COMFY_ENCODERS = {"clip_l": "1", "clip_g": "2", "t5xxl": "2"}
_OLDER = (
    (re.compile(r"\.processor\.to_out_lora\.(down|up)\.weight$"), r".to_out.0.lora.\1.weight"),
    (re.compile(r"\.processor\.to_([qkv])_lora\.(down|up)\.weight$"), r".to_\1.lora.\2.weight"),
    (re.compile(r"\.self_attn\.to_(q|k|v|out)_lora\.(down|up)\.weight$"), r".self_attn.\1_proj.lora.\2.weight"),
    (re.compile(r"\.lora_linear_layer\.(down|up)\.weight$"), r".lora.\1.weight"),
)
"""Names that diffusers used before peft, and their current form."""
_DOWN = ("lora_down.weight", "lora_A.weight", "lora.down.weight", "lora1.down.weight", "lora2.down.weight")
_HALVES = {
    **dict.fromkeys(("lora_down.weight", "lora_A.weight", "lora.down.weight"), "lora_A.weight"),
    **dict.fromkeys(("lora_up.weight", "lora_B.weight", "lora.up.weight"), "lora_B.weight"),
    **dict.fromkeys(("dora_scale", "lora_magnitude_vector"), "lora_magnitude_vector"),
    **dict.fromkeys(("diff_b", "lora_B.bias"), "lora_B.bias"),
}
MAGNITUDES = ("dora_scale", "lora_magnitude_vector")
"""Endings of a DoRA's magnitudes."""
REPLACED = ("diff", "diff_b", "diff_m", "w_norm", "b_norm")
"""Endings of whole-weight changes: norms, biases."""
UNDOABLE = re.compile(r"^(hada_|lokr_|b?oft_)")
"""Endings of LyCORIS methods other than pairs of matrices."""


class LayerName(NamedTuple):
    """A parsed tensor name. ``module`` is the changed layer with underscores for dots, so that it is the same in all
    layouts; ``ending`` is the tensor's role; ``encoder`` is the pipeline's name of the text encoder it changes, empty
    for the denoiser.
    """

    module: str
    ending: str
    encoder: str

    @property
    def half(self) -> str:
        """peft's name for a matrix of a pair, a bias or a magnitude; empty for anything else."""
        return _HALVES.get(self.ending, "")


def plain(name: str) -> str:
    """Return a name without peft's prefix and adapter name, in the form that diffusers uses today."""
    name = re.sub(r"\.(lora_[AB])\.(?!weight|bias)\w+\.(weight|bias)$", r".\1.\2", name).removeprefix(_PEFT)
    for older, newer in _OLDER:
        name = older.sub(newer, name)
    return name


def part(name: str) -> LayerName | None:
    """Parse a tensor name; return None if it is not part of a LoRA."""
    name = plain(name)
    match = _ENDINGS.search(name)
    if match is None:
        return None
    ending = re.sub(r"^lora_magnitude_vector.*", "lora_magnitude_vector", match[1])
    stem = name[: match.start()]
    if encoder := _ENCODER.match(stem):
        number = (
            encoder["kohya"] or encoder["te"] or encoder["diffusers"] or _COMFY_ENCODERS.get(encoder["comfy"] or "")
        )
        component = f"text_encoder_{number}" if number and number != "1" else "text_encoder"
        return LayerName(stem[encoder.end() :].replace(".", "_"), ending, component)
    while prefix := next((one for one in _PREFIXES if stem.startswith(one)), ""):
        stem = stem.removeprefix(prefix)
    return LayerName(stem.replace(".", "_"), ending, "")


def is_down(part: LayerName) -> bool:
    """Whether a tensor is the first of a pair, with shape [rank, inputs]."""
    return part.ending in _DOWN


def is_up(part: LayerName) -> bool:
    """Whether a tensor is the second of a pair, with shape [outputs, rank]."""
    return pair(part) in _DOWN and not is_down(part)


def pair(part: LayerName) -> str:
    """Return the ending of the first tensor of a pair, which identifies the pair: XLabs has two pairs per layer."""
    return part.ending.replace("up", "down").replace("lora_B", "lora_A")


def layout(names: Iterable[str]) -> str:
    """Return the name of the program whose naming scheme is used."""
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
    """Return the names of the tensors for the denoiser, and of those for the text encoders."""
    painting: list[str] = []
    reading: list[str] = []
    for name in names:
        known = part(name)
        if known is not None:
            (reading if known.encoder else painting).append(name)
    return painting, reading


def modules(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int | None]:
    """Return the denoiser's layers that a LoRA changes, with their input widths if known."""
    ranks: dict[str, int | None] = {}
    for name, shape in shapes.items():
        known = part(name)
        if known is None or known.encoder:
            continue
        width = shape[1] if is_down(known) and len(shape) > 1 else None
        ranks[known.module] = width or ranks.get(known.module)
    return ranks
