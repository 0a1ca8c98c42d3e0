"""Depth maps of photos with Depth Anything (Yang et al. 2024, arXiv:2406.09414); near is white."""

from typing import TYPE_CHECKING

import numpy as np

from engines.catalog import Entry
from engines.host.context import Context
from engines.memory.component import load_errors
from engines.weights.pretrained import pretrained

if TYPE_CHECKING:
    from PIL.Image import Image

_WORKING_BYTES = 1_000_000_000


def estimate_depth(picture: "Image", entry: Entry, context: Context) -> "Image":
    """Return the depth map of an RGB picture, at its size, from the model of ``entry``."""
    folder = context.catalog.path(entry, "depth")
    component = pretrained({"depth": folder}, context.device, entry.name)["depth"]
    with context.lease(component, working_bytes=_WORKING_BYTES) as (model,):
        import torch
        from PIL import Image
        from transformers import AutoImageProcessor

        with load_errors(folder):
            processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        pixels = processor(images=picture, return_tensors="pt").pixel_values.to(model.device, model.dtype)
        with torch.no_grad():
            near = model(pixel_values=pixels).predicted_depth[0].float().cpu().numpy()
    low, high = np.percentile(near, (0.5, 99.5))
    plane = ((near - low) / max(float(high - low), 1e-6)).clip(0, 1)
    small = Image.fromarray(np.rint(plane * 255).astype(np.uint8))
    return small.resize(picture.size, Image.Resampling.BICUBIC).convert("RGB")
