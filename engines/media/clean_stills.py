"""HEIC and AVIF for clients: written anew as JPEG or PNG, which open everywhere and say nothing but the picture."""

from pathlib import Path

from PIL import ImageOps

from engines.media.files import written
from engines.media.picture import LARGE, load_picture


def as_jpeg_or_png(path: Path, out: Path) -> Path:
    """Write the first picture in a file upright, with its color profile: as JPEG, or as PNG if it is transparent.

    Returns where it is: ``out`` with the ending of what was written. Raises StudioError bad_picture, picture_too_large.
    """
    with LARGE:
        image = load_picture(path)
        ImageOps.exif_transpose(image, in_place=True)
        profile = image.info.get("icc_profile")
        transparent = image.has_transparency_data
        image.info.clear()  # what Pillow carries over by itself: comments, resolutions
        out = out.with_suffix(".png" if transparent else ".jpg")
        with written(out) as part:
            if transparent:
                image.save(part, "PNG", icc_profile=profile)
            else:
                image.save(part, "JPEG", quality=95, subsampling=0, icc_profile=profile)
    return out
