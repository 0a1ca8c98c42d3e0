"""Twins of upscalers: Swin2SR as on the hub, and an ESRGAN in a single file."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from engines.twins.twin import Twin


def save_swin2sr(folder: Path) -> None:
    """Build a Swin2SR deterministically and save it."""
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        config = Swin2SRConfig(
            image_size=16,
            embed_dim=12,
            depths=[1, 1],
            num_heads=[2, 2],
            window_size=4,
            upscale=4,
            upsampler="nearest+conv",
        )
        Swin2SRForImageSuperResolution(config).save_pretrained(folder, safe_serialization=True)


def save_esrgan(folder: Path) -> None:
    """Save the tensors of a 4× ESRGAN with two blocks instead of 23, named like Real-ESRGAN's."""
    generator = torch.Generator().manual_seed(4)

    def layer(name: str, into: int, out: int) -> dict[str, torch.Tensor]:
        weight = torch.randn(out, into, 3, 3, generator=generator) * (9 * into) ** -0.5
        return {f"{name}.weight": weight, f"{name}.bias": torch.zeros(out)}

    width, growth = 8, 32  # spandrel assumes this growth
    tensors = layer("conv_first", 3, width)
    for block in range(2):
        for dense in (1, 2, 3):
            for number in range(1, 6):
                into, out = width + (number - 1) * growth, growth if number < 5 else width
                tensors |= layer(f"body.{block}.rdb{dense}.conv{number}", into, out)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        tensors |= layer(name, width, width)
    tensors |= layer("conv_last", width, 3)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "RealESRGAN_x4plus.safetensors")


TWINS = {"swin2sr": Twin(save_swin2sr), "esrgan": Twin(save_esrgan)}
"""The twins by their names in entries."""
