"""The twins of AnimateDiff: motion adapters for the twins of Stable Diffusion 1.5 and SDXL."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from engines.families.sdxl import twin as sdxl
from engines.families.stable_diffusion import twin as stable_diffusion
from engines.twins.parts import scale_weights
from engines.twins.twin import SHORT, Twin


def _save(save_images: Callable[[Path], None], folder: Path) -> None:
    """Save a model for images, and a motion adapter with the same blocks."""
    from diffusers import MotionAdapter

    save_images(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        adapter = MotionAdapter(
            block_out_channels=(8, 16),
            motion_layers_per_block=1,
            motion_norm_num_groups=4,
            motion_num_attention_heads=2,
            use_motion_mid_block=False,  # as in the newer versions
        )
    with torch.no_grad():
        for weights in adapter.parameters():
            if not weights.any():  # its last layers start at zero, without any motion
                weights.normal_(std=0.2)
    half = scale_weights(adapter).to(torch.float16)
    half.save_pretrained(folder / "motion_adapter", safe_serialization=True, variant="fp16")


TWINS = {
    "animatediff-sd15": Twin(partial(_save, stable_diffusion.save), SHORT),
    "animatediff-sdxl": Twin(partial(_save, sdxl.save), SHORT),
}
"""The twins by the names that entries use."""
