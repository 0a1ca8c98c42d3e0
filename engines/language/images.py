"""Prepare pictures for vision models: upright, on white, and no larger than the token budget assumes."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 1000 * 28 * 28
"""Qwen2.5-VL makes one token of 28 × 28 px, others use larger patches. Even with rounding, this stays below the tokens
that the budget assumes for a picture."""
_QUALITY = 92


def picture_for_model(path: Path) -> "Image":
    """Return a picture upright, without transparency, and at most about 0.8 megapixels."""
    from PIL import Image

    from engines.media.picture import open_picture

    picture = open_picture(path)
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    scale = (_MOST_PIXELS / (picture.width * picture.height)) ** 0.5
    if scale >= 1:
        return picture
    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def jpeg_for_model(path: Path) -> bytes:
    """Return the same picture as JPEG, which every server can read."""
    out = io.BytesIO()
    picture_for_model(path).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
