"""Pictures that a model makes at a size of its own choice, brought to the size that is worked at."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def brought_to(made: "np.ndarray", width: int, height: int) -> "np.ndarray":
    """Pictures (count, height, width, channels), 0 to 1, at a size in px; nothing is cut off."""
    import numpy as np
    from PIL import Image

    if made.shape[1:3] == (height, width):
        return made
    pictures = [Image.fromarray((one * 255).round().clip(0, 255).astype(np.uint8)) for one in made]
    return np.stack([np.asarray(one.resize((width, height), Image.Resampling.LANCZOS)) / 255 for one in pictures])
