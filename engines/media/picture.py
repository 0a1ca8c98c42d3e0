"""Pictures in and out: any common format in, upright 8-bit RGB(A) to work on, tagged PNG out."""

import hashlib
import io
import json
import threading
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from engines import wire
from engines.media import apart, cicp
from engines.media.files import thumb_path, written
from engines.media.srgb import to_srgb
from engines.media.streams import still_format
from engines.provenance import parameters
from errors import StudioError

MAX_SIDE = 30_000
MAX_PIXELS = 100_000_000
THUMB_SIDE = 512
_MOST_JPEG = 200_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")

LARGE = threading.BoundedSemaphore(1)
"""One picture is decoded at a time: a file of some KB may hold 100 megapixels. Those take 0.8 GB for a moment, 1.2 with
transparency, and 1.6 as WebP, of which Pillow's decoder has all but the picture itself, in a process of its own."""

# Pillow warns above this number and refuses above twice of it; the refusal below comes before both matter.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def open_picture(path: Path) -> Image.Image:
    """The picture in a file as 8-bit sRGB: mode RGBA where it has transparency, else RGB.

    Turned upright as its EXIF says; CMYK, 16-bit, grey and palette pictures converted; the first frame of an
    animation. Raises StudioError bad_picture (not a picture, damaged) or picture_too_large (before decoding).
    """
    image = load_picture(path)
    try:
        ImageOps.exif_transpose(image, in_place=True)
        return to_srgb(image)
    except Exception as error:  # decoders and profiles of hostile files raise anything
        raise _failed("It is damaged and cannot be decoded to the end.", error) from error


def load_picture(path: Path) -> Image.Image:
    """The picture in a file, decoded but as it is stored; of a JPEG that breaks off what there is.

    The ``icc_profile`` in its ``info`` also stands for colors that AVIF and HEIC name by number.

    Raises like ``open_picture``, and StudioError too_slow and out_of_memory where it is large.
    """
    try:
        image = opened(path)
    except Image.DecompressionBombError as error:
        raise _too_large("It has far more pixels than that.") from error
    except UnidentifiedImageError as error:
        raise _bad("Its content is none of PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and HEIC.") from error
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _failed("It is damaged, or its header makes no sense.", error) from error
    if max(image.size) > MAX_SIDE or image.width * image.height > MAX_PIXELS:
        raise _too_large(f"This one has {image.width} x {image.height}.")
    try:
        if apart.is_slow(image):
            image = apart.decoded(image, path)
        else:
            image.load()
    except StudioError:
        raise
    except Exception as error:
        rest = _rest_of_jpeg(path) if image.format in ("JPEG", "MPO") else None
        if rest is None:
            raise _failed("It is damaged and cannot be decoded to the end.", error) from error
        return rest
    # Pillow's decoders of WebP and AVIF keep one or two copies of the picture for a next frame, which nobody asks for.
    vars(image).pop("_decoder", None)
    if image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
        image.info["icc_profile"] = cicp.profile(path)
    return image


def _rest_of_jpeg(path: Path) -> Image.Image | None:
    """What there is of a JPEG that breaks off, the rest gray as viewers show it; ``cut_off`` in its ``info``."""
    if path.stat().st_size > _MOST_JPEG:
        return None
    try:
        image = Image.open(io.BytesIO(path.read_bytes() + b"\xff\xd9"), formats=("JPEG",))
        image.load()
    except Exception:  # decoders of hostile files raise anything
        return None
    image.info["cut_off"] = True
    return image


def opened(path: Path) -> Image.Image:
    """The picture in a file, not decoded yet. Raises whatever its decoder does."""
    still = still_format(path)
    if still == "HEIF":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)
    return Image.open(path, formats=(still,) if still else FORMATS)


def save_picture(
    image: Image.Image, path: Path, provenance: dict[str, Any], content_sha256: str | None = None
) -> wire.ResultFile:
    """Write a PNG that carries its making (``c41`` as JSON, ``parameters`` as other tools read it) and its thumbnail.

    ``content_sha256`` defaults to the hash of the pixels.
    """
    tags = PngInfo()
    tags.add_itxt("c41", json.dumps(provenance, ensure_ascii=False))
    tags.add_itxt("parameters", parameters(provenance))
    with written(path) as part:
        image.save(part, "PNG", compress_level=1, pnginfo=tags)
    save_thumb(image, thumb_path(path))
    return wire.ResultFile(
        file=path.name,
        thumb=thumb_path(path).name,
        kind="image",
        mime="image/png",
        width=image.width,
        height=image.height,
        content_sha256=content_sha256 or pixels_sha256(image),
        provenance=provenance,
    )


def save_thumb(image: Image.Image, path: Path) -> None:
    """Write a WebP of at most 512 px a side."""
    small = _within(image, THUMB_SIDE, Image.Resampling.LANCZOS)
    with written(path) as part:
        small.save(part, "WEBP", quality=82, method=3)


def preview_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG of at most 64 KB; transparency is shown on dark grey."""
    small = _within(image, 768, Image.Resampling.BILINEAR)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, (36, 36, 36, 255)), small)
    small = small.convert("RGB")
    while True:
        for quality in (80, 60, 40):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality)
            if out.tell() <= wire.PREVIEW_BYTES:
                return out.getvalue()
        small = small.resize((max(1, small.width // 2), max(1, small.height // 2)))


def _within(image: Image.Image, side: int, resample: Image.Resampling) -> Image.Image:
    """The picture with at most ``side`` px a side; unlike Pillow's ``thumbnail``, no copy of the whole is made."""
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, resample, reducing_gap=2.0)


def pixels_sha256(image: Image.Image) -> str:
    """The hash of a picture's pixels, whatever file they lie in."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def _failed(why: str, error: Exception) -> StudioError:
    """What to say where reading a picture failed: lack of memory is no damage."""
    return apart.no_memory(repr(error)) if isinstance(error, MemoryError) else _bad(why)


def _bad(why: str) -> StudioError:
    return StudioError("bad_picture", "This file is not a picture the studio can read.", why, "Choose another file.")


def _too_large(why: str) -> StudioError:
    return StudioError(
        "picture_too_large",
        f"Pictures may have up to {MAX_SIDE:,} pixels a side and {MAX_PIXELS // 10**6} megapixels.",
        why,
        "Make it smaller first.",
    )
