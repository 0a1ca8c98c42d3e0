"""Convert HEIC and AVIF to JPEG or PNG without metadata; these open everywhere."""

from pathlib import Path

from PIL import ImageOps

from engines.media.files import write_atomically
from engines.media.picture import LARGE, load_picture


def as_jpeg_or_png(path: Path, out: Path) -> Path:
    """Write the first picture of a file upright with its color profile, as JPEG, or as PNG if it has transparency.

    Returns ``out`` with the new suffix. Raises StudioError bad_picture, picture_too_large.
    """
    with LARGE:
        image = load_picture(path)
        ImageOps.exif_transpose(image, in_place=True)
        profile = image.info.get("icc_profile")
        transparent = image.has_transparency_data
        image.info.clear()  # Pillow would keep comments and resolutions
        out = out.with_suffix(".png" if transparent else ".jpg")
        with write_atomically(out) as part:
            if transparent:
                image.save(part, "PNG", icc_profile=profile)
            else:
                image.save(part, "JPEG", quality=95, subsampling=0, icc_profile=profile)
    return out
