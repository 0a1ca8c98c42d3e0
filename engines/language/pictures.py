"""Pictures as models that see take them: upright, on white, and no larger than the budget counts."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 1000 * 28 * 28
"""Qwen2.5-VL makes a token of 28 x 28 px, others of more; with what rounding adds it stays below what the budget counts
for a picture."""
_QUALITY = 92


def picture_for_model(path: Path) -> "Image":
    """A picture turned upright, without transparency, of about 0.8 megapixels at most."""
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
    """The same as JPEG, which every server reads."""
    out = io.BytesIO()
    picture_for_model(path).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
