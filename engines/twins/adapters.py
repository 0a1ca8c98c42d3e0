"""ControlNets and IP-Adapters that fit the twins of several families."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from engines.twins import parts

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

_SEEN = 16
"""Width of what the image encoder sees."""
_INSIDE = 8
_HEAD = 64
"""Width of an attention head of the adapters, as in the real ones."""
_LAYERS = 4
_TOKENS = 4
"""Tokens per reference picture."""


def save_unet_controlnet(unet: "Callable[[], UNet2DConditionModel]", folder: Path) -> None:
    """Save a ControlNet for a UNet."""
    from diffusers import ControlNetModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        control = ControlNetModel.from_unet(unet(), conditioning_embedding_out_channels=(4, 4, 4, 4))
        parts.with_gradients(control, 0.3)
    control.to(torch.float16).save_pretrained(folder, safe_serialization=True)


def save_controlnet_of(kind: Any, folder: Path, **config: Any) -> None:
    """Save a ControlNet of the class ``kind`` for a transformer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(41)
        control = parts.with_gradients(kind(**config), 0.3)
    control.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)


def save_ip_adapter(unet: "UNet2DConditionModel", folder: Path, file: str) -> None:
    """Save an IP-Adapter *plus* for a UNet in ``file``, with its image encoder."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        encoder = CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=_SEEN,
                intermediate_size=32,
                projection_dim=_SEEN,
                num_hidden_layers=3,
                num_attention_heads=2,
                image_size=32,
                patch_size=8,
            )
        )
        shapes = {**dict(_resampler(unet.config.cross_attention_dim)), **dict(_keys_and_values(unet))}
        weights = {name: torch.randn(shape, dtype=torch.float16) for name, shape in shapes.items()}
    encoder.save_pretrained(folder / "models" / "image_encoder")
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / file)


def _keys_and_values(unet: "UNet2DConditionModel") -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the extra projections of each cross-attention; their numbers are odd, since self-attentions are even."""
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(names):
        wide, deep = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape
        for which in ("k", "v"):
            yield f"ip_adapter.{2 * number + 1}.to_{which}_ip.weight", (wide, deep)


def _resampler(out: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the names and shapes of the *plus* projection, as its makers save it."""
    yield "image_proj.latents", (1, _TOKENS, _INSIDE)
    for name, wide, deep in (("proj_in", _INSIDE, _SEEN), ("proj_out", out, _INSIDE)):
        yield f"image_proj.{name}.weight", (wide, deep)
        yield f"image_proj.{name}.bias", (wide,)
    norms = {"norm_out": out}
    for number in range(_LAYERS):
        layer = f"layers.{number}"
        norms |= {f"{layer}.0.norm1": _INSIDE, f"{layer}.0.norm2": _INSIDE, f"{layer}.1.0": _INSIDE}
        yield f"image_proj.{layer}.0.to_q.weight", (_HEAD, _INSIDE)
        yield f"image_proj.{layer}.0.to_kv.weight", (2 * _HEAD, _INSIDE)
        yield f"image_proj.{layer}.0.to_out.weight", (_INSIDE, _HEAD)
        yield f"image_proj.{layer}.1.1.weight", (4 * _INSIDE, _INSIDE)
        yield f"image_proj.{layer}.1.3.weight", (_INSIDE, 4 * _INSIDE)
    for name, wide in norms.items():
        yield f"image_proj.{name}.weight", (wide,)
        yield f"image_proj.{name}.bias", (wide,)
