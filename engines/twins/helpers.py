"""The twins of what helps the Stable Diffusion families: ControlNets and IP-Adapters that fit the families' twins."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file

from engines.twins import parts, sdxl, stable_diffusion_15

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

_SEEN = 16
"""Width of what the image encoder sees."""
_INSIDE = 8
_HEAD = 64
"""How wide a head of the adapters is; of the real ones too."""
_LAYERS = 4
_TOKENS = 4
"""As what each picture is put beside the words."""


def save_controlnet_15(folder: Path) -> None:
    """A ControlNet of Stable Diffusion 1.5."""
    _save_controlnet(stable_diffusion_15.unet, folder)


def save_controlnet_xl(folder: Path) -> None:
    """A ControlNet of SDXL."""
    _save_controlnet(sdxl.unet, folder)


def save_ip_adapter_15(folder: Path) -> None:
    """An IP-Adapter *plus* of Stable Diffusion 1.5, with its image encoder."""
    _save_ip_adapter(stable_diffusion_15.unet(), folder, "models/ip-adapter-plus_sd15.safetensors")


def save_ip_adapter_xl(folder: Path) -> None:
    """An IP-Adapter *plus* of SDXL, with its image encoder."""
    _save_ip_adapter(sdxl.unet(), folder, "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors")


def _save_controlnet(unet: "Callable[[], UNet2DConditionModel]", folder: Path) -> None:
    from diffusers import ControlNetModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(21)
        control = ControlNetModel.from_unet(unet(), conditioning_embedding_out_channels=(4, 4, 4, 4))
        parts.trained(control, 0.3)
    control.to(torch.float16).save_pretrained(folder, safe_serialization=True)


def _save_ip_adapter(unet: "UNet2DConditionModel", folder: Path, file: str) -> None:
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
    """What each attention to words gets beside: it is numbered as it follows an attention of the picture to itself."""
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(names):
        wide, deep = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape
        for which in ("k", "v"):
            yield f"ip_adapter.{2 * number + 1}.to_{which}_ip.weight", (wide, deep)


def _resampler(out: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names and shapes of the projection of the *plus* kind, as its makers save it."""
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
