"""Resize pictures that a model generates at a size of its own choice."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def resize_to(image: "np.ndarray", width: int, height: int) -> "np.ndarray":
    """Resize an image (height, width, channels), 0 to 1, to a size in px, without cropping."""
    import numpy as np
    from PIL import Image

    if image.shape[:2] == (height, width):
        return image
    picture = Image.fromarray((image * 255).round().clip(0, 255).astype(np.uint8))
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS)) / 255
